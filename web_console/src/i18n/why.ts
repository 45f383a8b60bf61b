/** Why a picture is bad, in words for a glance; and what is known, for whoever asks. */

export const zh = {
  why: {
    frozen: '画面卡顿', choppy: '声音断续', small: '画面已调小',
    sender_uplink: '现场网络差', sender_device: '现场设备吃力', server: '服务器吃力', my_downlink: '本机网络差', this_device: '本机吃力', unknown: '原因不明',
    their_uplink: '对方网络差', their_device: '对方设备吃力',
    do: {
      sender_uplink: '请对方换个位置，或换网络', sender_device: '请对方关掉其他应用', server: '关掉不看的画面。不见好就报技术值守', my_downlink: '改用网线或换网络，停掉下载',
      this_device: '关掉其他程序和页面', unknown: '不见好就报技术值守',
    },
    title: '画面经过的四段', more: '详情',
    scene: '对方网络', hub: '服务器', here: '本机网络', device: '本机',
    loss: '丢包 {pct}%', rtt: '往返 {ms} ms', load: '负载 {pct}%', lag: '延误 {ms} ms', sent: '送来 {height}p', room: '可用 {rate}', frames: '每秒 {n} 帧', stood: '停顿 {s} 秒', score: '画面评分 {score} / 5', nothing: '暂无数据',
    sendingWeak: '网络弱，画面已变差', sendingWeakDo: '换个位置，或切换 Wi-Fi、流量', sendingBusy: '手机吃力，画面已变差', sendingBusyDo: '关掉其他应用，避免发烫',
  },
}

export const en: typeof zh = {
  why: {
    frozen: 'Picture stalls', choppy: 'Sound breaks up', small: 'Smaller picture',
    sender_uplink: 'Weak network at the scene', sender_device: 'Device at the scene overloaded', server: 'Server overloaded', my_downlink: 'Weak network here', this_device: 'This device overloaded', unknown: 'Cause unknown',
    their_uplink: 'Weak network on their side', their_device: 'Their device overloaded',
    do: {
      sender_uplink: 'Ask them to move or to switch networks', sender_device: 'Ask them to close other apps', server: 'Close pictures nobody watches. If it stays, call the technician', my_downlink: 'Use a cable or another network; stop downloads',
      this_device: 'Close other programs and pages', unknown: 'If it stays, call the technician',
    },
    title: 'The four parts of its way', more: 'Details',
    scene: 'Their network', hub: 'Server', here: 'Network here', device: 'This device',
    loss: 'loss {pct} %', rtt: 'RTT {ms} ms', load: 'load {pct} %', lag: 'late {ms} ms', sent: '{height}p sent', room: 'carries {rate}', frames: '{n} frames/s', stood: 'stood {s} s', score: 'Picture {score} of 5', nothing: 'no figures yet',
    sendingWeak: 'Weak network, poor picture', sendingWeakDo: 'Move, or switch Wi-Fi or mobile data', sendingBusy: 'Phone overloaded, poor picture', sendingBusyDo: 'Close other apps; keep it cool',
  },
}
