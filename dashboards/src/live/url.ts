/** The live endpoint beside this page: same host, same security. */
export const liveUrl = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`;
