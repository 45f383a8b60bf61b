"""The sentence behind every code, in Chinese and English: the fact first, then the next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from dispatch_server.identity import Directory

LANGUAGES = ("zh", "en")

SENTENCES: dict[str, tuple[str, str]] = {
    "internal_error": ("系统内部出错，已记录。请重试", "Something went wrong here and was logged. Try again"),
    "hub_error": ("操作未执行", "That was not carried out"),
    "alerting": ("操作未执行", "That was not carried out"),
    "room": ("会商室未执行该操作", "The room did not carry that out"),
    "unavailable": ("系统的一部分没有应答，未保存", "A part of the hub does not answer; nothing was saved"),
    "bad_input": ("{field}：{problem}", "{field}: {problem}"),
    "bad_json": ("请求不是有效的 JSON", "The request is not valid JSON"),
    "unknown_event": ("不支持该消息", "There is no such event"),
    "body_too_large": ("内容超过上限 {limit_kb} KB", "The body exceeds the limit of {limit_kb} KB"),
    "wrong_content_type": ("内容类型应为 {expected}", "The content type must be {expected}"),
    "record_unreadable": (
        "该警情的记录无法读取，已记入日志。请联系维护人员",
        "The record of this incident cannot be read; the log says why. Call maintenance",
    ),
    "precondition_required": (
        "请在 If-Match 中写明会话的 ETag，重启 ICE 时写 *",
        "Name the session's ETag in If-Match, * for an ICE restart",
    ),
    "stale_ice_session": (
        "此 ICE 会话已被新的取代。请用最新的 ETag",
        "That ICE session was replaced by another. Use the newest ETag",
    ),
    "method_not_allowed": ("此地址不支持该操作", "This address does not support that method"),
    "not_signed_in": ("请先登录", "Sign in first"),
    "wrong_credentials": ("用户名或密码不正确", "The user name or password is not right"),
    "wrong_password": ("原密码不正确", "The current password is not right"),
    "current_password_needed": ("请输入原密码", "Enter the current password as well"),
    "sign_in_again": (
        "登录已超过 10 分钟。请重新登录后再设置密码",
        "You signed in over 10 minutes ago. Sign in again, then set the password",
    ),
    "link_used": (
        "登录链接已使用或已过期。请索取新链接",
        "This sign-in link was used or has expired. Ask for a new one",
    ),
    "bad_token": ("设备令牌无效或已吊销", "The device token is not valid or was revoked"),
    "bad_player_link": (
        "播放链接无效、已过期或已吊销",
        "The player's link is not valid, has expired or was revoked",
    ),
    "csrf_missing": ("页面已过期。请刷新后重试", "This page is out of date. Reload it and try again"),
    "bad_origin": ("不允许从该网址访问", "Requests from that origin are not allowed"),
    "throttled": ("尝试过多。{retry_after_s} 秒后再试", "Too many attempts. Try again in {retry_after_s} s"),
    "commander_needed": (
        "必到部门未到位，须由指挥员解除",
        "Only a commander may take a required department off the list before it came",
    ),
    "not_allowed": ("你的角色无此权限", "Your role does not allow this"),
    "not_found": ("未找到，或无权查看", "Not found, or not for you to see"),
    "conflict": ("内容已被他人更新。请刷新后重试", "Somebody else changed this. Reload and try again"),
    "already_done": ("该操作已执行", "That was already carried out"),
    "key_reused": ("同一幂等键用于不同操作", "The same idempotency key was used for another command"),
    "stale_version": ("同时更新过多。请重试", "Too many changes at once. Try again"),
    "busy": ("系统繁忙，未保存。请重试", "The hub is busy; nothing was saved. Try again"),
    "store_busy": ("数据库繁忙，未保存。请重试", "The database is busy; nothing was saved. Try again"),
    "store_failed": ("数据库写入出错，未保存。请重试", "The database could not save this. Try again"),
    "store_unreadable": ("数据库无法读取。请稍后重试", "The database cannot be read. Try again shortly"),
    "shutting_down": (
        "系统正在重启，未保存。请稍后重试",
        "The hub is restarting; nothing was saved. Try again shortly",
    ),
    "media_unavailable": (
        "媒体服务正在恢复。几秒后自动重连",
        "The media service is coming back. It reconnects by itself",
    ),
    "too_many_connections": (
        "你已在 {limit} 处打开画面，请先关闭一处",
        "You have the picture open in {limit} places; close one first",
    ),
    "too_many_players": (
        "这一路画面已有 {limit} 个有效的播放链接，请先吊销一个",
        "This feed has {limit} players' links already; revoke one first",
    ),
    "too_many_feeds": (
        "这条警情已有 {limit} 路图传，不能再加",
        "This incident has {limit} feeds already; it takes no more",
    ),
    "too_many_senders": (
        "你已同时发送 {limit} 路画面，请先停一路",
        "You are sending {limit} pictures already; stop one first",
    ),
    "media_full": (
        "媒体服务已满载，先保住已接通的画面",
        "The media service is full; pictures under way come first",
    ),
    "media_timeout": ("媒体服务未及时应答。请重试", "The media service did not answer in time. Try again"),
    "unknown_connection": ("媒体连接已失效，正在重建", "That media connection is gone; open a new one"),
    "unknown_profile": ("未知的媒体连接类型", "There is no such kind of media connection"),
    "wrong_step": ("该媒体连接已经应答", "That media connection was answered already"),
    "malformed_sdp": ("媒体描述无法识别", "The session description cannot be read"),
    "malformed_packet": ("媒体数据无法识别", "The media packet cannot be read"),
    "malformed_message": ("媒体服务的应答无法识别", "The media service's reply cannot be read"),
    "no_acceptable_media": (
        "媒体描述中没有可用的编码。支持 H.264、VP8、VP9、AV1、Opus",
        "The session description offers nothing usable. H.264, VP8, VP9, AV1 and Opus are",
    ),
    "rtc_error": ("媒体服务拒绝了请求", "The media service refused the request"),
    # response engine
    "invalid_transition": (
        "当前状态为「{state}」，不能「{command}」",
        "It is {state} now. Not possible: {command}",
    ),
    "recall_too_late": (
        "超过 5 秒，不能撤销。可逐个解除部门",
        "More than 5 s have passed; release departments instead",
    ),
    "already_answered": ("{by} 已于 {at} 接受", "{by} already accepted at {at}"),
    "follow_up_missing": ("结案前须填写回访结果", "A follow-up result is needed before closing"),
    "unknown_assignment": ("未找到该任务单", "There is no such assignment"),
    "unknown_department": ("未找到该部门", "There is no such department"),
    "unknown_order": ("未找到该指令", "There is no such order"),
    "nothing_planned": (
        "该类型没有预案。请先选择预案或加部门",
        "No plan fits. Choose a plan or add departments",
    ),
    "reason_missing": ("请填写{field}", "Fill in the {field}"),
    "unknown_type": ("未知的警情类型", "Unknown incident type"),
    "already_summoned": ("该部门已在召集之列", "That department is already summoned"),
    "login_taken": ("用户名已被使用", "That user name is taken"),
    # rooms
    "room_over": ("会商室已结束", "The room has ended"),
    "room_ended": ("警情已处置完毕，不再接收画面", "The incident is over; it takes no more pictures"),
    "not_permitted_in_room": ("你在会商室中无此权限", "Your role in the room does not allow this"),
    "unknown_participant": ("未找到该参会人", "There is no such participant"),
}

PROBLEMS: dict[str, tuple[str, str]] = {
    "missing": ("必填", "is needed"),
    "unknown": ("未找到「{value}」", "there is no {value}"),
    "unknown_field": ("没有这一项", "there is no such field"),
    "too_long": ("最多 {limit} 个字", "at most {limit} characters"),
    "too_short": ("至少 {limit} 个字", "at least {limit} characters"),
    "too_many": ("最多 {limit} 项", "at most {limit} entries"),
    "too_large": ("不能大于 {limit}", "at most {limit}"),
    "too_small": ("不能小于 {limit}", "at least {limit}"),
    "pattern": ("含有不允许的字符", "holds characters that are not allowed"),
    "not_text": ("应为文字", "must be text"),
    "not_number": ("应为数字", "must be a number"),
    "not_boolean": ("应为 true 或 false", "must be true or false"),
    "not_object": ("应为对象", "must be an object"),
    "not_list": ("应为列表", "must be a list"),
    "not_instant": ("应为带时区的时间（ISO 8601）", "must be a time with a zone (ISO 8601)"),
    "too_old": ("时间太早", "is too long ago"),
    "choice": ("应为其中之一：{expected}", "must be one of {expected}"),
    "malformed": ("格式不正确", "is malformed"),
}
"""What can be wrong with one field of a request."""

WORDS: dict[str, tuple[str, str]] = {
    # states
    "pending": ("等待送达", "awaiting delivery"),
    "notified": ("已送达", "delivered"),
    "acknowledged": ("已接受", "accepted"),
    "joined": ("已入会", "in the room"),
    "en_route": ("赶赴中", "en route"),
    "on_scene": ("已到场", "on the scene"),
    "released": ("已解除", "released"),
    "declined": ("无法处理", "declined"),
    "unreachable": ("联系不上", "unreachable"),
    "recalled": ("已撤销", "recalled"),
    "received": ("待召集", "not summoned"),
    "dispatched": ("已召集", "summoned"),
    "resolved": ("处置完毕", "resolved"),
    "closed": ("已办结", "closed"),
    "invited": ("已邀请", "invited"),
    "present": ("在会", "in the room"),
    "away": ("断开", "dropped"),
    "left": ("已离会", "left"),
    "removed": ("已请出", "removed"),
    "idle": ("未开始", "not started"),
    "live": ("图传中", "live"),
    "interrupted": ("画面中断", "interrupted"),
    "ended": ("已结束", "ended"),
    # commands
    "notify": ("送达", "deliver"),
    "acknowledge": ("接受", "accept"),
    "join": ("入会", "join"),
    "depart": ("赶赴", "set out"),
    "arrive": ("到场", "arrive"),
    "decline": ("回复无法处理", "decline"),
    "give_up": ("停止联系", "give up"),
    "resummon": ("再次召集", "summon again"),
    "reassign": ("换人", "replace the person"),
    "release": ("解除", "release"),
    "recall": ("撤销", "take back"),
    "relabel": ("更正", "correct"),
    "order": ("下达指令", "give an order"),
    "dispatch": ("召集", "summon"),
    "add_department": ("加部门", "add a department"),
    "resolve": ("标为处置完毕", "resolve"),
    "close": ("办结", "close"),
    "reopen": ("重新打开", "reopen"),
    "reopen_dispatched": ("重新打开", "reopen"),
    "invite": ("邀请", "invite"),
    "drop": ("断开", "drop"),
    "come_back": ("返回", "return"),
    "leave": ("离会", "leave"),
    "remove": ("请出", "remove"),
    "mute": ("静音", "mute"),
    "start": ("开始", "start"),
    "interrupt": ("中断", "interrupt"),
    "resume": ("恢复", "resume"),
    "stop": ("结束", "end"),
    # fields that a blank text is refused for
    "reason": ("原因", "reason"),
    "text": ("内容", "text"),
    "outcome": ("处置结果", "outcome"),
}
"""Codes inside the parameters of a sentence, as people say them."""

_CODED = ("state", "command", "field")


class Wording:
    """Sentences that name people by their names and times by the centre's clock."""

    def __init__(self, *, directory: Callable[[], Directory], zone: tzinfo) -> None:
        self._directory = directory
        self._zone = zone

    def sentence(self, code: str, language: str, params: Mapping[str, object] | None = None) -> str:
        """The sentence of a code; an unknown code still yields one, and missing parameters never raise."""
        facts = {key: value for key, value in (params or {}).items() if value is not None}
        problem = _in(PROBLEMS.get(str(facts.get("problem")), PROBLEMS["malformed"]), language)
        facts["problem"] = problem.format_map(_Blank(facts))
        if code != "bad_input":
            facts |= {key: _word(facts[key], language) for key in _CODED if key in facts}
        if "by" in facts:
            facts["by"] = self._directory().person_name(str(facts["by"])) or _in(
                ("他人", "Somebody"), language
            )
        if "at" in facts:
            facts["at"] = self._time_of_day(str(facts["at"]))
        template = _in(SENTENCES.get(code, SENTENCES["internal_error"]), language)
        return template.format_map(_Blank(facts))

    def _time_of_day(self, text: str) -> str:
        try:
            return f"{datetime.fromisoformat(text).astimezone(self._zone):%H:%M:%S}"
        except ValueError:
            return text


def _in(pair: tuple[str, str], language: str) -> str:
    return pair[1] if language == "en" else pair[0]


def _word(value: object, language: str) -> str:
    return _in(WORDS.get(str(value), (str(value), str(value))), language)


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
