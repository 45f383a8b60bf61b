/** Vibrates where the device can and the page has been touched; elsewhere nothing happens. */
export function buzz(pattern: number | number[]): void {
  const activation = navigator.userActivation as UserActivation | undefined
  if (!('vibrate' in navigator) || (activation && !activation.hasBeenActive)) return
  navigator.vibrate(pattern)
}
