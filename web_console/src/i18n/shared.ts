/** Sentences that both entries need. 超期 is a missed deadline, 中断 a broken link; never mixed. */

export const zh = {
  brand: '联动',
  language: 'English',
  level: { simple: '简易', ordinary: '普通', complex: '复杂', difficult: '疑难' },
  role: {
    administrator: '管理员', commander: '指挥长', operator: '值班席', responder: '部门人员', officer: '现场人员', mediator: '调解员',
  },
  sla: { calm: '正常', warn: '预警', urgent: '紧急', breach: '超期', done: '已到位', used: '用时 {time}', late: '超期到位' },
  slaSpoken: { warn: '{name}：时限已用一半，剩 {time}', urgent: '{name}：时限紧急，剩 {time}', breach: '{name}：已超期', done: '{name}：已到位' },
  age: { seconds: '{n} 秒前', minutes: '{n} 分钟前', hours: '{n} 小时前' },
  step: { issued: '下发', notified: '送达', acknowledged: '接受', joined: '入会', en_route: '赶赴', on_scene: '到场' },
  assignment: {
    pending: '等待送达', notified: '已送达，未接受', acknowledged: '已接受', joined: '已入会', en_route: '赶赴中', on_scene: '已到场',
    released: '已解除', declined: '无法处理', unreachable: '联系不上', recalled: '已撤销',
  },
  sign: {
    title: '登录', login: '用户名', password: '密码', submit: '登录', busy: '登录中', out: '退出登录', asking: '连接中心',
    unreachable: '连不上中心，正在自动重试。请检查网络', needLink: '没有账号时，请向管理员索取一次性登录链接',
    ended: '登录已失效，请重新登录', displaced: '此浏览器已换成 {name} 登录', displacedHint: '{n} 秒后重新打开此页。原来的登录已结束', displacedGo: '以 {name} 继续',
  },
  account: '账号',
  password: {
    title: '设置密码', hint: '设好后，你的其他设备全部退出登录', current: '原密码', new: '新密码', again: '再输一次', rule: '至少 {least} 位，长比复杂更安全', show: '显示密码', save: '保存密码', saving: '保存中',
    short: '密码至少 {least} 位', long: '密码最多 {most} 位', different: '两次输入不一致', done: '密码已设好，其他设备已退出登录',
  },
  unnamed: { agency: '单位', person: '人员', type: '警情' },
  retry: '重试',
  cancel: '取消',
  confirm: '确定',
  close: '关闭',
  loading: '载入中',
  incidentNumber: '警情 {number}',
  refusal: {
    offline: '网络中断，未送出。恢复后重试', timeout: '中心没有回应，未确认。重试即可，不会重复', broken: '中心出错，未保存。稍后重试',
    signed_out: '登录已失效。请重新登录', unexpected: '页面出错。刷新后重试', device_denied: '摄像头、麦克风未授权。在浏览器设置里允许后重试',
    device_busy: '摄像头被占用。关闭其他应用后重试', device_missing: '未找到摄像头或麦克风。接好后重试',
    insecure: '此网址不能使用摄像头。请用 https 网址打开',
  },
  sound: { unlock: '点按开启声音', short: '开启声音' },
}

export type Shared = typeof zh

export const en: Shared = {
  brand: 'Liandong',
  language: '中文',
  level: { simple: 'Simple', ordinary: 'Ordinary', complex: 'Complex', difficult: 'Difficult' },
  role: {
    administrator: 'Administrator', commander: 'Commander', operator: 'Operator', responder: 'Responder', officer: 'Officer', mediator: 'Mediator',
  },
  sla: { calm: 'On time', warn: 'Half gone', urgent: 'Urgent', breach: 'Overdue', done: 'In place', used: '{time}', late: 'in place late' },
  slaSpoken: {
    warn: '{name}: half the time is gone, {time} left', urgent: '{name}: urgent, {time} left', breach: '{name}: overdue', done: '{name}: in place',
  },
  age: { seconds: '{n} s ago', minutes: '{n} min ago', hours: '{n} h ago' },
  step: { issued: 'Sent', notified: 'Delivered', acknowledged: 'Accepted', joined: 'Joined', en_route: 'En route', on_scene: 'On scene' },
  assignment: {
    pending: 'Awaiting delivery', notified: 'Delivered, not accepted', acknowledged: 'Accepted', joined: 'In the room', en_route: 'En route',
    on_scene: 'On scene', released: 'Released', declined: 'Declined', unreachable: 'Unreachable', recalled: 'Recalled',
  },
  sign: {
    title: 'Sign in', login: 'User name', password: 'Password', submit: 'Sign in', busy: 'Signing in', out: 'Sign out', asking: 'Connecting to the centre',
    unreachable: 'The centre cannot be reached; trying again by itself. Check the network', needLink: 'No account? Ask the administrator for a one-time link',
    ended: 'Your session has ended. Sign in again', displaced: '{name} has signed in in this browser', displacedHint: 'This page opens anew in {n} s. The sign-in before is over', displacedGo: 'Go on as {name}',
  },
  account: 'Account',
  password: {
    title: 'Set password', hint: 'Your sign-ins on all other devices will end', current: 'Current password', new: 'New password', again: 'The same again', rule: '{least} characters or more; long beats complicated', show: 'Show password', save: 'Save password', saving: 'Saving',
    short: 'A password needs {least} characters or more', long: 'A password has {most} characters at most', different: 'The two are not the same', done: 'Password set; your other devices are signed out',
  },
  unnamed: { agency: 'Unit', person: 'Someone', type: 'Incident' },
  retry: 'Retry',
  cancel: 'Cancel',
  confirm: 'Confirm',
  close: 'Close',
  loading: 'Loading',
  incidentNumber: 'Incident {number}',
  refusal: {
    offline: 'No network; nothing was sent. Retry when it is back', timeout: 'The centre did not answer. Retry: it will not happen twice',
    broken: 'The centre is in trouble; nothing was saved. Retry shortly', signed_out: 'Your session has ended. Sign in again',
    unexpected: 'This page is in trouble. Reload it', device_denied: 'Camera or microphone not allowed. Allow them in the browser, then retry',
    device_busy: 'The camera is in use. Close the other app, then retry', device_missing: 'No camera or microphone found. Connect one, then retry',
    insecure: 'This address cannot use the camera. Open the https address',
  },
  sound: { unlock: 'Tap to turn sound on', short: 'Sound on' },
}
