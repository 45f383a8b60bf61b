/* Sends one packet in plain form to every slot that carries its track live: numbers rewritten, sealed, handed to the
 * kernel in batches. rtc/fanout.py does the same in Python; rtc/native_fanout.py declares what is here once more.
 *
 * A lane's gate is checked here, at the last moment: by a lane whose gate is not the packet's track nothing leaves.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER 12
#define MAX_PLAIN 1460
#define ROOM (MAX_PLAIN + 160)
#define BATCH 64

typedef int (*protect_t)(void *session, void *packet, int *length);

typedef struct {
  void *srtp;
  int32_t fd; /* -1: no datagram socket, what is to leave is left to the caller; -2: nothing leaves */
  uint32_t address_length;
  uint8_t address[28];
  uint64_t sent, sent_bytes, dropped, refused;
} peer_t;

typedef struct {
  peer_t *peer;
  uint32_t gate; /* the number of the track whose packets may leave, 0 for none */
  uint32_t ssrc;
  uint32_t seq_off, ts_off;
  uint64_t packets, octets;
  uint32_t number_shift, tl0_shift; /* of VP8's picture numbers */
} lane_t;

typedef struct {
  int32_t number_at, number_mask, tl0_at; /* where a VP8 packet has its picture numbers; 0 where it has none */
} picture_t;

static uint8_t buffers[BATCH][ROOM];
static struct mmsghdr messages[BATCH];
static struct iovec pieces[BATCH];
static peer_t *owners[BATCH];

const char *fanout_stamp(void) { return FANOUT_STAMP; }

/* Hands over what is collected. What the kernel has no room for is dropped and counted: media is never waited for. */
static void hand_over(int fd, int count) {
  int done = 0;
  while (done < count) {
    int taken = sendmmsg(fd, messages + done, (unsigned)(count - done), MSG_DONTWAIT);
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) { /* this one; those behind it may well go elsewhere */
      owners[done++]->dropped++;
      continue;
    }
    for (int i = done; i < done + taken; i++) {
      owners[i]->sent++;
      owners[i]->sent_bytes += pieces[i].iov_len;
    }
    done += taken;
  }
}

/* Returns how many open lanes are left to the caller. */
int fanout(protect_t protect, const uint8_t *plain, int length, uint32_t gate, lane_t **lanes, int count,
           const picture_t *picture) {
  int pending = 0, fd = -1, left = 0;
  if (gate == 0 || length < HEADER) return 0;
  uint16_t seq = (uint16_t)(plain[2] << 8 | plain[3]);
  uint32_t ts;
  memcpy(&ts, plain + 4, 4);
  ts = ntohl(ts);
  for (int i = 0; i < count; i++) {
    lane_t *lane = lanes[i];
    peer_t *peer = lane->peer;
    if (lane->gate != gate) continue;
    if (peer->fd == -1) {
      left++;
      continue;
    }
    lane->packets++;
    lane->octets += (uint64_t)(length - HEADER);
    if (length > MAX_PLAIN || peer->fd < 0) {
      peer->refused++;
      continue;
    }
    if (pending == BATCH || (pending && peer->fd != fd)) {
      hand_over(fd, pending);
      pending = 0;
    }
    fd = peer->fd;
    uint8_t *out = buffers[pending];
    uint16_t out_seq = htons((uint16_t)(seq + lane->seq_off));
    uint32_t out_ts = htonl(ts + lane->ts_off), ssrc = htonl(lane->ssrc);
    memcpy(out, plain, (size_t)length);
    memcpy(out + 2, &out_seq, 2);
    memcpy(out + 4, &out_ts, 4);
    memcpy(out + 8, &ssrc, 4);
    if (picture->number_mask == 0x7FFF && lane->number_shift) {
      uint8_t *at = out + picture->number_at;
      uint32_t number = ((uint32_t)(at[0] & 0x7F) << 8 | at[1]) + lane->number_shift;
      at[0] = (uint8_t)(0x80 | (number >> 8 & 0x7F));
      at[1] = (uint8_t)number;
    } else if (picture->number_mask == 0x7F) {
      out[picture->number_at] = (uint8_t)((out[picture->number_at] + lane->number_shift) & 0x7F);
    }
    if (picture->tl0_at) out[picture->tl0_at] = (uint8_t)(out[picture->tl0_at] + lane->tl0_shift);
    int sealed = length;
    if (protect(peer->srtp, out, &sealed)) {
      peer->refused++;
      continue;
    }
    pieces[pending] = (struct iovec){out, (size_t)sealed};
    messages[pending].msg_hdr = (struct msghdr){
        .msg_name = peer->address, .msg_namelen = peer->address_length, .msg_iov = &pieces[pending], .msg_iovlen = 1};
    owners[pending++] = peer;
  }
  if (pending) hand_over(fd, pending);
  return left;
}
