/** Everything that can keep a command from being carried out, as one type that a page can turn into a sentence. */

export type RefusalKind = 'offline' | 'signed_out' | 'refused' | 'broken'

export class Refusal extends Error {
  /**
   * @param kind offline: the hub was not reached, so nothing is known to have happened;
   *   signed_out: there is no session; refused: the hub said no and why; broken: the hub itself is in trouble.
   * @param code stable code of the hub, or one of `offline`, `timeout`.
   */
  constructor(
    readonly kind: RefusalKind,
    readonly code: string,
    message: string,
    readonly params: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'Refusal'
  }
}

const FINAL = new Set(['not_found', 'not_allowed', 'room_ended', 'room_over', 'not_permitted_in_room', 'invalid_transition'])

/** The door is shut for this person; everything else may be otherwise at the next try. */
export const isFinal = ({ kind, code }: Refusal): boolean => kind === 'refused' && FINAL.has(code)

export function asRefusal(reason: unknown): Refusal {
  if (reason instanceof Refusal) return reason
  return new Refusal('broken', 'unexpected', reason instanceof Error ? reason.message : String(reason))
}

/** The refusal inside an HTTP answer that is not 2xx. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const kind: RefusalKind = response.status === 401 ? 'signed_out' : response.status >= 500 ? 'broken' : 'refused'
  try {
    const body = (await response.json()) as { code?: string; message?: string; detail?: string; params?: Record<string, unknown> }
    return new Refusal(kind, body.code ?? `http_${response.status}`, body.message ?? body.detail ?? '', body.params ?? {})
  } catch {
    return new Refusal(kind, `http_${response.status}`, '')
  }
}
