/** Sentences of the seat: console and administration. */

import { zh as journalZh } from '@/i18n/journal'
import { zh as whyZh } from '@/i18n/why'

export const zh = {
  ...journalZh,
  ...whyZh,
  top: { centre: '{site} · 联动指挥', open: '在办', overdue: '超期', resolved: '待回访', admin: '管理', mutedFor: '静音 {n} 秒', acknowledge: '知悉 {n} 件超期', quiet: '无超期告警' },
  health: { service: '服务', media: '媒体', timer: '计时', loss: '媒体 丢包 {pct}%', mediaDown: '媒体 重连中', mediaCrowded: '媒体 未接入', mediaUnknown: '媒体 未知', serviceDown: '服务 中断', timerLate: '计时 {n} 秒无心跳' },
  band: {
    down: '与中心断开 {time}', attempt: '第 {n} 次重连。计时用本机时钟继续走，一键扩群排队，恢复后补发', now: '立即重连',
    beat: '{n} 秒没有计时心跳', beatNext: '时限与升级可能无人看守。人工盯守，并电话通知技术值守',
    sync: '列表未更新：{why}', crowded: '{n} 秒后自动再试', names: '名称未载入，自动重试中', sound: '声音被浏览器拦住。点按开启声音',
    undoLost: '未能撤销「{title}」：5 秒内没有送到', undoLostHint: '召集仍然有效。不需要的部门逐个解除，并电话告知', read: '知道了',
  },
  queue: {
    title: '警情', todo: '待处置', followUp: '待回访', sort: '剩余时间', new: '新建警情', empty: '无待处置警情', emptyFollowUp: '无待回访警情', unread: '{n} 条新动态',
    unlisted: '另有 {n} 件未列出',
    notSummoned: '未扩群', summary: '{n} 部门 · {m} 到位', overdue: '已超期 · {n} 部门未到位', untimed: '不计响应时限', waiting: '待回访 {n} 件', waitingSince: '最早一件 {time} 处置完毕',
  },
  head: {
    video: '视频', map: '地图', split: '并排', due: '距 {n} 分钟时限', overdue: '超出 {n} 分钟时限', since: '接警已过', took: '到位用时', settled: '处置用时', roomOpen: '房间已开 {time}', roomNone: '房间未开',
    resolve: '处置完毕', followUp: '回访办结', reopen: '重新打开', closed: '已办结', pick: '选一件警情', pickHint: 'J / K 切换', noneHint: '新警情会自动出现在队列中', reporter: '{name}：', words: '报告内容', more: '全文', less: '收起',
  },
  stage: {
    live: '实时', cut: '中断', connecting: '接通中', noPicture: '没有画面', noVideo: '未开摄像头', undecodable: '此浏览器不能解码 {codec} 画面', waiting: '等待接入', frozen: '画面停住', still: '静帧', notConnected: '画面未接入', reconnecting: '重连中 · 第 {n} 次', cutFor: '已断 {time}',
    interrupted: '重连中 · {time}', mediaDown: '媒体重连中 · 第 {n} 次', full: '全屏', wall: '上大屏', talk: '喊话', talkKey: '按住空格', talking: '喊话中', talkOpening: '接通麦克风', talkNoRoom: '扩群后可喊话', talkToggle: '点按常开',
    rtt: '往返 {ms} ms', loss: '丢包 {pct}%', inRoom: '{n} 人在会', speaking: '正在讲话', noPosition: '无定位', more: '下一页', size: '{w}×{h}',
  },
  kind: { phone: '手机', bodycam: '执法仪', drone: '无人机', camera: '监控', encoder: '编码器', participant: '会商' },
  map: { here: '圈 100 · 250 m', hereLarge: '现场 · 圈 100 / 250 / 500 m', noPlace: '无坐标', bare: '无底图', plain: '位置来自上报' },
  plan: { label: '预案', departments: '{n} 部门', none: '无匹配预案', choose: '选预案', pick: '选择预案', loading: '载入预案', failed: '预案未载入' },
  key: {
    name: '一键扩群', first: '召集 {n} 个部门，限时 {m} 分钟', undoHint: '按下即发，5 秒内', undo: '撤销', sending: '正在下发 {n} 个', sent: '已下发 {n} 个', undoIn: '{n} 秒内按 Esc 撤销', again: '已扩群 · 再按只催 {n} 个未动身部门',
    refusedLater: '排队的一键扩群没有执行：{why}', moving: '已扩群 · 全部在途或到位', noPlan: '选预案', noPlanHint: '没有匹配的预案，点此选择', queued: '网络中断，改打电话', queuedHint: '已排队 {n} 个，联网即发', queuedBlind: '已排队，联网即按预案下发', blind: '网络中断。按下排队，联网即发', closed: '已办结，不再召集', resolved: '处置完毕。重新打开后可召集',
    undoing: '正在撤销', undoingHint: '等待中心确认', undoingLate: '5 秒已过，召集可能仍有效，正在确认', undone: '已撤销，未再召集', undoQueued: '已取消排队', resummoned: '已再召集 {n} 个部门', nothing: '没有需要再催的部门', loading: '载入中', confirming: '网络中断，正在确认上次召集',
  },
  dept: {
    title: '联动部门', inPlace: '{m} / {n} 到位', planned: '待召集 {n}', add: '加部门', online: '在线', offline: '不在线', nobody: '无人值班', lead: '牵头', optional: '可选', required: '必到', resummon: '再召集', change: '换人', release: '解除',
    sentAt: '{time} 下发，等待送达', notified: '已送达，未接受', accepted: '已接受，未到位', enRoute: '{time} 出发，赶赴中', declined: '无法处理：{reason}', unreachable: '联系不上。换人或打电话', released: '已解除', recalled: '已撤销',
    next: '{time} 后报{target}', nextDue: '正在报{target}', nextSame: '{time} 后再呼', nextSameDue: '正在再呼', nextGiveUp: '{time} 后记为联系不上', nextGiveUpDue: '正在记为联系不上', onDuty: '值班 {names}', attempt: '第 {n} 次召集', empty: '未召集', emptyHint: '按 F9 召集预案部门', choose: '选择部门', modeVideo: '视频会商', modeScene: '赶赴现场', chooseMode: '到位方式', requiredToggle: '必到部门',
    changeFor: '{name} 换人', changeHint: '时限不变，两人都留痕', noPeople: '该部门没有可选人员', releaseFor: '解除 {name}', none: '没有可加的部门', search: '搜索部门',
  },
  tabs: { timeline: '时间线', room: '会商', orders: '指令' },
  timeline: { empty: '暂无记录', failed: '时间线未载入', queued: '未送出' },
  room: { none: '房间未开。扩群后自动开', join: '入会', leave: '离会', joined: '你已入会', mute: '静音', unmute: '取消静音', you: '你', empty: '还没有人' },
  presence: { invited: '已邀请', present: '在会', away: '断开', left: '已离会', removed: '已请出' },
  order: { placeholder: "输入指令，{'@'} 指定部门", send: '下发', toScene: '现场', queued: '已排队，联网即发', refusedLater: '排队的指令没有发出：{why}', receipts: '{n} 人收到', noReceipt: '未收到回执', empty: '还没有指令' },
  newIncident: { title: '新建警情', type: '类型', level: '等级', place: '地点', words: '情况', name: '标题', namePlaceholder: '不填则用类型名', submit: '建警情', placePlaceholder: '例：锦绣工地东门', wordsPlaceholder: '人数、情绪、有无受伤' },
  closing: {
    resolveTitle: '处置完毕', outcome: '处置结果', outcomePlaceholder: '例：双方达成一致，现场已散', resolve: '处置完毕', closeTitle: '回访办结', result: '回访结果', satisfaction: '满意度', note: '回访记录', close: '办结', notes: '1 不满意 · 5 满意',
    needResult: '先选回访结果', needOutcome: '先写处置结果',
  },
  keys: {
    title: '全部快捷键', f9: '一键扩群', space: '按住喊话', jk: '切换警情', digits: '切主画面', m: '地图', r: '再召集选中部门', p: '预案', n: '新建警情', slash: '下指令', enter: '下发指令', esc: '撤销 5 秒内 / 关闭', f8: '静音 60 秒', f1: '全部快捷键', journal: '全程留痕',
  },
  player: {
    title: '{name} 上大屏', hint: '给大屏或播放器签发一个链接，只能看这一路画面。到期自动失效，也可随时吊销；签发和吊销都记入时间线', name: '播放端', nameHint: '例：指挥大厅大屏', until: '有效期', hours: '{n} 小时', days: '{n} 天', issue: '签发链接',
    page: '大屏的浏览器打开', address: '或播放器的地址（WHEP）', token: '和令牌', tokenHint: '「{name}」的地址和令牌只显示这一次。现在就打开，或填进播放器', revoke: '吊销', revoked: '已吊销', expired: '已过期', goodUntil: '{at} 前有效', playing: '{n} 处在播',
  },
  device: {
    add: '登记设备', register: '登记', nameHint: '例：城南 3 号执法仪', type: '默认警情类型', typeHint: '开机图传时，没有警情就按此类型自动报一起', address: '推流地址（WHIP）', token: '令牌', tokenFor: '{name} 的推流地址和令牌', tokenHint: '令牌只显示这一次。现在就填进设备', done: '已填好',
    empty: '没有登记的设备', unknown: '设备列表没有取到', revoke: '吊销', revoking: '吊销中', revoked: '已吊销', revokeFor: '吊销 {name}', revokedNotice: '{name} 已吊销',
    effectToken: '令牌立即失效，这台设备不能再图传，也不能恢复；要再用须重新登记', effectPicture: '正在传的画面立即中断', effectKept: '警情、时间线和已有记录不变',
  },
  admin: {
    title: '管理', back: '回指挥席', agencies: '机构', people: '人员', devices: '设备', addAgency: '加机构', addPerson: '加人员', name: '名称', nameEn: '英文名', kind: '类别', parent: '上级', login: '用户名', personName: '姓名', role: '角色', agency: '机构', password: '密码', passwordHint: '至少 10 位；不填则只能用登录链接',
    link: '登录链接', linkFor: '{name} 的一次性登录链接', linkHint: '只能用一次。只当面或用可信渠道交给本人', copy: '复制', copied: '已复制', empty: '还没有人员', all: '全部机构', onlyAdmins: '只有管理员能打开此页', save: '保存', root: '无（顶层）', filter: '搜索姓名', wrongLogin: '用小写字母和数字',
    kinds: { city: '市', district: '区县', street: '街道乡镇', village: '村社区', grid: '网格', department: '部门' },
  },
}

export { en } from '@/i18n/consoleEn'
