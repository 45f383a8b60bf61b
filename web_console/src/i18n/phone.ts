/** Sentences of the phone pages. */

import { en as journalEn, zh as journalZh } from '@/i18n/journal'
import { en as whyEn, zh as whyZh } from '@/i18n/why'

export const zh = {
  ...whyZh,
  target: journalZh.target,
  field: {
    noTypes: '类型未载入，自动重试中',
    off: '未图传', live: '图传中', starting: '接通中', cut: '图传中断', position: '定位 ±{m} m', noPosition: '无定位', uplink: '上行 {rate}', battery: '{pct}%', inRoom: '{n} 人在会',
    type: '类型', place: '地点', placeHint: '例：锦绣工地东门', words: '情况', wordsHint: '人数、情绪、有无受伤', here: '当前位置 {lat}, {lon} ±{m} m', noHere: '未取得位置，可手写地点',
    start: '开始图传', startHint: '一按即报警情并开摄像头', resume: '继续图传', ready: '摄像头、定位已就绪', readyNoPosition: '摄像头已就绪，无定位', noCamera: '没有摄像头，只报位置和文字', noCameraNoPosition: '没有摄像头，无定位，只报文字', startBlind: '上报警情', resumeBlind: '继续报位置', blind: '无画面', blindHint: '警情和位置已送到指挥席，位置持续更新', blindNoPosition: '警情已送到指挥席。允许定位后持续报位置', noPictureYet: '摄像头未开', endBlind: '结束上报', openCamera: '打开摄像头', openCameraHint: '接通即图传', opening: '摄像头启动中', sending: '正在上报',
    mine: '你报的警情', another: '另报一起', back: '返回原警情',
    flip: '翻转', torch: '补光', mute: '静音', unmute: '已静音', talk: '按住说话', talkAll: '全房间可听', talkDesk: '指挥席可听', talking: '讲话中', end: '结束图传', endHint: '长按 1 秒', endHeld: '松开取消',
    retry: '第 {n} 次重连，{s} 秒后再试', retrying: '第 {n} 次重连中', now: '立即重试', cutFor: '图传中断 {time}', cutHint: '恢复后自动续传，不用重开', waitReport: '警情未送出', waitHint: '联网即报，不会重复',
    ended: '已结束图传', endWaiting: '未送出，恢复后自动结束', endWaitingHint: '本机已停止图传，指挥席暂时显示中断', refused: '无法图传：{why}', camera: '摄像头', allow: '允许摄像头',
  },
  order: { title: '指挥席指令', received: '收到', speak: '播报' },
  summons: {
    attempt: '召集第 {n} 次', within: '请在时限内到位', overdue: '已超出时限', took: '到位用时', accept: '接受', cannot: '无法处理', needReason: '须填原因', navigate: '导航', byVideo: '视频会商，必要时赴现场', byScene: '赶赴现场', from: '指挥席 · {name}',
    accepted: '已接受', inPlace: '已到位', enRoute: '赶赴中', joined: '已入会', left: '距到位时限', parties: '会商中 {n} 方', nobody: '还没有人入会', noRoom: '房间未开', camera: '摄像头', cameraHint: '入会后默认打开', mic: '麦克风', micHint: '入会后默认静音', ready: '已就绪', ask: '允许', denied: '未授权',
    join: '进入视频会商', back: '返回会商', putOut: '已被请出会商', putOutHint: '需要时由指挥席重新邀请。赶赴、到场仍可回复', depart: '赶赴现场', arrive: '到场', released: '已解除，无需到位', recalled: '召集已撤销', closed: '警情已办结', over: '此任务已结束', declined: '已回复无法处理', declinedHint: '情况有变时仍可接受', unreachable: '曾联系不上，现在仍可接受',
    reason: '原因', reasonHint: '例：正在另一现场', reasons: ['正在另一现场', '不属本部门职责', '暂无人手'], send: '回复', answeredBy: '{name} 已接受',
    another: '另有召集：{title}', see: '查看', mine: '我的任务', none: '没有任务', noneHint: '有召集时此页响铃并显示。保持页面打开', failed: '任务未载入', all: '全部任务', unlockRing: '点按开启铃声',
  },
  meeting: { leave: '离会', camera: '摄像头', cameraOff: '摄像头关', mic: '静音中', micOn: '麦克风开', talk: '按住说话', talking: '讲话中', waiting: '等待画面', connecting: '接通中', undecodable: '此浏览器不能解码 {codec} 画面', notConnected: '画面未接入', cut: '画面中断', joining: '正在入会', me: '我', noCamera: '摄像头未开：{why}', publishing: '接通麦克风', muted: '你被静音', reconnecting: '重连中 · 第 {n} 次', media: '媒体重连中 · 第 {n} 次' },
  returning: { title: '正在回到会商', next: '第 {n} 次未接通，{s} 秒后再试', trying: '第 {n} 次接通中', self: '接通后自动入会，不用点按', now: '立即重试', giveUp: '不回会商' },
  link: { down: '与中心断开 {time}', short: '断开 {time}', now: '立即重试' },
  desk: '此账号在指挥席工作',
  toDesk: '打开指挥席',
}

export const en: typeof zh = {
  ...whyEn,
  target: journalEn.target,
  field: {
    noTypes: 'Types not loaded; trying again by itself',
    off: 'Not live', live: 'Live', starting: 'Connecting', cut: 'Interrupted', position: 'Position ±{m} m', noPosition: 'No position', uplink: 'Up {rate}', battery: '{pct} %', inRoom: '{n} in room',
    type: 'Type', place: 'Place', placeHint: 'e.g. East gate of the site', words: 'What', wordsHint: 'How many, how tense, hurt?', here: 'Here: {lat}, {lon} ±{m} m', noHere: 'No position yet; write the place',
    start: 'Go live', startHint: 'One tap reports it and opens the camera', resume: 'Continue live', ready: 'Camera and position ready', readyNoPosition: 'Camera ready, no position', noCamera: 'No camera: position and words only', noCameraNoPosition: 'No camera, no position: words only', startBlind: 'Report it', resumeBlind: 'Go on with position', blind: 'No picture', blindHint: 'The centre has the report and your position, which keeps being sent', blindNoPosition: 'The centre has the report. Allow the position and it is sent too', noPictureYet: 'The camera is off', endBlind: 'End', openCamera: 'Open camera', openCameraHint: 'Goes live at once', opening: 'Opening the camera', sending: 'Reporting',
    mine: 'Your report', another: 'Report another', back: 'Back to it',
    flip: 'Flip', torch: 'Torch', mute: 'Mute', unmute: 'Muted', talk: 'Hold to talk', talkAll: 'The room hears', talkDesk: 'The centre hears', talking: 'Talking', end: 'End', endHint: 'Hold 1 s', endHeld: 'Let go to cancel',
    retry: 'Try {n}, again in {s} s', retrying: 'Try {n} under way', now: 'Retry now', cutFor: 'Interrupted {time}', cutHint: 'Goes on by itself when the net is back', waitReport: 'Report not sent', waitHint: 'Sent when the net is back, once',
    ended: 'Ended', endWaiting: 'Not sent; ends by itself when the net is back', endWaitingHint: 'This phone has stopped; the centre shows it as interrupted for now', refused: 'Cannot go live: {why}', camera: 'Camera', allow: 'Allow camera',
  },
  order: { title: 'Order from the centre', received: 'Received', speak: 'Speak' },
  summons: {
    attempt: 'Summons {n}', within: 'Be in place in time', overdue: 'Beyond the limit', took: 'In place after', accept: 'Accept', cannot: 'Cannot', needReason: 'Needs a reason', navigate: 'Route', byVideo: 'By video, on scene if needed', byScene: 'To the scene', from: 'Command · {name}',
    accepted: 'Accepted', inPlace: 'In place', enRoute: 'En route', joined: 'In the room', left: 'Time left', parties: '{n} in the room', nobody: 'Nobody in the room yet', noRoom: 'No room yet', camera: 'Camera', cameraHint: 'On when you join', mic: 'Microphone', micHint: 'Muted when you join', ready: 'Ready', ask: 'Allow', denied: 'Not allowed',
    join: 'Join by video', back: 'Back to the room', putOut: 'You were put out of the room', putOutHint: 'The centre invites you again if need be. You can still set out or arrive', depart: 'Set out', arrive: 'On scene', released: 'Released; not needed', recalled: 'The summons was recalled', closed: 'The incident is closed', over: 'This task is over', declined: 'You declined', declinedHint: 'You can still accept', unreachable: 'You were not reached; you can still accept',
    reason: 'Reason', reasonHint: 'e.g. At another scene', reasons: ['At another scene', 'Not our duty', 'Nobody free'], send: 'Reply', answeredBy: '{name} accepted',
    another: 'Also summoned: {title}', see: 'See', mine: 'My tasks', none: 'No task', noneHint: 'A summons rings and shows here. Keep this page open', failed: 'Tasks not loaded', all: 'All tasks', unlockRing: 'Tap to turn the ring on',
  },
  meeting: { leave: 'Leave', camera: 'Camera', cameraOff: 'Camera off', mic: 'Muted', micOn: 'Mic on', talk: 'Hold to talk', talking: 'Talking', waiting: 'Waiting for a picture', connecting: 'Connecting', undecodable: 'This browser does not decode {codec}', notConnected: 'Not connected', cut: 'Interrupted', joining: 'Joining', me: 'Me', noCamera: 'Camera off: {why}', publishing: 'Opening the mic', muted: 'You were muted', reconnecting: 'Reconnecting · try {n}', media: 'Media reconnecting · try {n}' },
  returning: { title: 'Rejoining the room', next: 'Try {n} did not get through; again in {s} s', trying: 'Try {n} under way', self: 'You will be back without a tap', now: 'Retry now', giveUp: 'Do not go back' },
  link: { down: 'Cut off {time}', short: 'Cut {time}', now: 'Retry' },
  desk: 'This account works at the desk',
  toDesk: 'Open the desk',
}
