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
#include <time.h>

#define HEADER 12
#define MAX_PLAIN 1460
#define ROOM (MAX_PLAIN + 160)
#define BATCH 64
#define KEPT 4096
#define STAMP 8

typedef int (*protect_t)(void *session, void *packet, int *length);

typedef struct {
  void *srtp;
  int32_t fd; /* -1: no datagram socket, what is to leave is left to the caller; -2: nothing leaves */
  uint32_t address_length;
  uint8_t address[28];
  uint64_t sent, sent_bytes, dropped, refused;
} peer_t;

/* Transport-wide numbers, shared with rtc/transport_numbers.py. */
typedef struct {
  uint32_t next;
  uint32_t times[KEPT]; /* in microseconds, CLOCK_MONOTONIC */
  uint16_t sizes[KEPT];
} numbers_t;

typedef struct {
  peer_t *peer;
  numbers_t *numbers; /* NULL where packets get none */
  uint32_t element_id;
  uint32_t gate; /* the number of the track whose packets may leave, 0 for none */
  uint32_t ssrc;
  uint32_t seq_off, ts_off;
  uint64_t packets, octets;
  uint32_t payload_flip; /* what makes of our payload type the subscriber's */
  uint32_t number_shift, tl0_shift; /* of VP8's and VP9's picture numbers */
} lane_t;

typedef struct {
  int32_t number_at, number_mask, tl0_at; /* where a packet has its picture numbers; 0 where it has none */
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

static uint32_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

/* Between header and payload: one element with the next number; it is noted as leaving now. */
static void stamp(uint8_t *out, numbers_t *numbers, uint32_t element_id, int length, uint32_t now) {
  uint32_t number = numbers->next;
  numbers->next = (number + 1) & 0xFFFF;
  numbers->times[number % KEPT] = now;
  numbers->sizes[number % KEPT] = (uint16_t)length;
  uint8_t element[STAMP] = {0xBE, 0xDE, 0, 1, (uint8_t)(element_id << 4 | 1), (uint8_t)(number >> 8), (uint8_t)number, 0};
  out[0] |= 0x10;
  memcpy(out + HEADER, element, STAMP);
}

/* What one transport-wide report says of packets that are still noted; rtc/way_report.py does the same. */
#define GROUPS 64
#define GROUP_S 0.010
#define TICK_S 0.00025

typedef struct {
  int32_t packets, lost, octets, arrived_octets, groups;
  double left_at, first_at, last_at, least_delay;
  double left[GROUPS], arrived[GROUPS];
} way_report_t;

/* The symbol of each status in turn; `run` and `chunk` are where it stands. */
typedef struct {
  const uint8_t *at, *end;
  uint32_t chunk, left;
} statuses_t;

static int next_symbol(statuses_t *s) {
  if (s->left == 0) {
    if (s->end - s->at < 2) return -1;
    s->chunk = (uint32_t)(s->at[0] << 8 | s->at[1]);
    s->at += 2;
    s->left = !(s->chunk & 0x8000) ? s->chunk & 0x1FFF : s->chunk & 0x4000 ? 7 : 14;
    if (s->left == 0) return -1; /* a run of nothing */
  }
  s->left--;
  if (!(s->chunk & 0x8000)) return (int)(s->chunk >> 13 & 3);
  return (int)(s->chunk & 0x4000 ? s->chunk >> 2 * s->left & 3 : s->chunk >> s->left & 1);
}

/* Returns -1 if the report contradicts itself. `now` and `now_s` are the present in both notations. */
int read_way_report(const numbers_t *numbers, const uint8_t *body, int length, uint32_t now, double now_s,
                    way_report_t *out) {
  memset(out, 0, sizeof *out);
  if (length < 8) return -1;
  uint32_t base = (uint32_t)(body[0] << 8 | body[1]), count = (uint32_t)(body[2] << 8 | body[3]);
  int64_t ticks = (int64_t)((int32_t)((uint32_t)body[4] << 24 | (uint32_t)body[5] << 16 | (uint32_t)body[6] << 8) >> 8) * 256;
  statuses_t found = {body + 8, body + length, 0, 0}, again = found;
  for (uint32_t i = 0; i < count; i++)
    if (next_symbol(&found) < 0) return -1;
  const uint8_t *delta = found.at;
  double group_began = 0;
  for (uint32_t i = 0; i < count; i++) {
    int symbol = next_symbol(&again);
    if (symbol > 2 || body + length - delta < symbol) return -1;
    if (symbol) ticks += symbol == 1 ? delta[0] : (int16_t)(delta[0] << 8 | delta[1]);
    delta += symbol;
    uint32_t number = base + i & 0xFFFF, size = numbers->sizes[number % KEPT];
    if ((numbers->next - 1 - number & 0xFFFF) >= KEPT || !size) continue;
    double left = now_s - (now - numbers->times[number % KEPT]) / 1e6, arrived = (double)ticks * TICK_S;
    out->packets++;
    out->octets += (int32_t)size;
    out->left_at = left;
    if (!symbol) {
      out->lost++;
      continue;
    }
    if (!out->arrived_octets) {
      out->first_at = out->last_at = arrived;
      out->least_delay = arrived - left;
    }
    out->arrived_octets += (int32_t)size;
    if (arrived > out->last_at) out->last_at = arrived;
    if (arrived - left < out->least_delay) out->least_delay = arrived - left;
    if (!out->groups || (left - group_began > GROUP_S && out->groups < GROUPS)) {
      out->groups++;
      group_began = left;
      out->arrived[out->groups - 1] = arrived;
    }
    out->left[out->groups - 1] = left;
    if (arrived > out->arrived[out->groups - 1]) out->arrived[out->groups - 1] = arrived;
  }
  return 0;
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
  uint32_t now = microseconds();
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
    int shift = lane->numbers ? STAMP : 0;
    if (length + shift > MAX_PLAIN || peer->fd < 0) {
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
    memcpy(out, plain, HEADER);
    memcpy(out + HEADER + shift, plain + HEADER, (size_t)(length - HEADER));
    out[1] ^= (uint8_t)lane->payload_flip;
    memcpy(out + 2, &out_seq, 2);
    memcpy(out + 4, &out_ts, 4);
    memcpy(out + 8, &ssrc, 4);
    if (shift) stamp(out, lane->numbers, lane->element_id, length, now);
    if (picture->number_mask == 0x7FFF && lane->number_shift) {
      uint8_t *at = out + shift + picture->number_at;
      uint32_t number = ((uint32_t)(at[0] & 0x7F) << 8 | at[1]) + lane->number_shift;
      at[0] = (uint8_t)(0x80 | (number >> 8 & 0x7F));
      at[1] = (uint8_t)number;
    } else if (picture->number_mask == 0x7F) {
      uint8_t *at = out + shift + picture->number_at;
      *at = (uint8_t)((*at + lane->number_shift) & 0x7F);
    }
    if (picture->tl0_at) out[shift + picture->tl0_at] += (uint8_t)lane->tl0_shift;
    int sealed = length + shift;
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
