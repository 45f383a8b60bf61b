"""The sentence behind every code, in Chinese and English: the fact first, then the next step."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("zh", "en")

SENTENCES: dict[str, tuple[str, str]] = {
    "internal_error": ("系统内部出错，已记录。请重试", "Something went wrong here and was logged. Try again"),
    "bad_input": ("{field}：{reason}", "{field}: {reason}"),
    "bad_json": ("请求不是有效的 JSON", "The request is not valid JSON"),
    "bad_msgpack": ("消息格式错误，连接已关闭", "The message is malformed; the connection was closed"),
    "body_too_large": ("内容超过上限 {limit_kb} KB", "The body exceeds the limit of {limit_kb} KB"),
    "wrong_content_type": ("内容类型应为 {expected}", "The content type must be {expected}"),
    "bad_sdp": ("媒体描述无法识别：{reason}", "The session description cannot be used: {reason}"),
    "method_not_allowed": ("此地址不支持该操作", "This address does not support that method"),
    "not_signed_in": ("请先登录", "Sign in first"),
    "wrong_credentials": ("用户名或密码不正确", "The user name or password is not right"),
    "link_used": (
        "登录链接已使用或已过期。请索取新链接",
        "This sign-in link was used or has expired. Ask for a new one",
    ),
    "bad_token": ("设备令牌无效或已吊销", "The device token is not valid or was revoked"),
    "csrf_missing": ("页面已过期。请刷新后重试", "This page is out of date. Reload it and try again"),
    "bad_origin": ("不允许从该网址访问", "Requests from that origin are not allowed"),
    "throttled": ("尝试过多。{retry_after_s} 秒后再试", "Too many attempts. Try again in {retry_after_s} s"),
    "not_allowed": ("你的角色无此权限", "Your role does not allow this"),
    "not_found": ("未找到，或无权查看", "Not found, or not for you to see"),
    "conflict": ("内容已被他人更新。请刷新后重试", "Somebody else changed this. Reload and try again"),
    "already_done": ("该操作已执行", "That was already carried out"),
    "key_reused": ("同一幂等键用于不同操作", "The same idempotency key was used for another command"),
    "stale_version": ("同时更新过多。请重试", "Too many changes at once. Try again"),
    "busy": ("系统繁忙，未保存。请重试", "The hub is busy; nothing was saved. Try again"),
    "store_busy": ("数据库繁忙，未保存。请重试", "The database is busy; nothing was saved. Try again"),
    "store_failed": ("数据库写入出错，未保存。请重试", "The database could not save this. Try again"),
    "shutting_down": (
        "系统正在重启，未保存。请稍后重试",
        "The hub is restarting; nothing was saved. Try again shortly",
    ),
    "media_unavailable": (
        "媒体服务正在恢复。几秒后自动重连",
        "The media service is coming back. It reconnects by itself",
    ),
    "media_full": ("媒体连接已满", "The media service is full"),
    "unknown_connection": ("媒体连接已失效，正在重建", "That media connection is gone; open a new one"),
    # response engine
    "invalid_transition": (
        "当前状态为「{state}」，不能执行「{command}」",
        "It is {state}; {command} is not possible now",
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
    "reason_missing": ("请填写无法处理的原因", "A reason is needed"),
    "unknown_type": ("未知的警情类型", "Unknown incident type"),
    "already_summoned": ("该部门已在召集之列", "That department is already summoned"),
    "login_taken": ("用户名已被使用", "That user name is taken"),
    # rooms
    "room_ended": ("会商室已结束", "The room has ended"),
    "not_permitted": ("你在会商室中无此权限", "Your role in the room does not allow this"),
    "removed": ("你已被请出会商室", "You were removed from the room"),
    "unknown_participant": ("未找到该参会人", "There is no such participant"),
}


def sentence(code: str, language: str, params: Mapping[str, object] | None = None) -> str:
    """The sentence of a code; an unknown code still yields a sentence, and missing parameters never raise."""
    zh, en = SENTENCES.get(code, SENTENCES["internal_error"])
    template = en if language == "en" else zh
    return template.format_map(_Blank(params or {}))


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"
