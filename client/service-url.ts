/** The URL is invalid or not safe to send keys to. */
export class ServiceUrlError extends Error {}

/** @throws ServiceUrlError */
export function serviceUrl(text: string, allowHttp: boolean): URL {
  // The message must not repeat a password in the URL.
  const [start, end] = [text.indexOf('//'), text.lastIndexOf('@')];
  const shown = start !== -1 && end > start ? `${text.slice(0, start)}//…${text.slice(end)}` : text;
  const refuse = (rule: string): never => {
    throw new ServiceUrlError(`The service's URL ${JSON.stringify(shown)} ${rule}.`);
  };
  if (!URL.canParse(text)) return refuse('is not a URL, such as https://connect.vendor.example');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('must begin with https://');
  if (url.username !== '' || url.password !== '') return refuse('must hold no user and password');
  if (url.search !== '' || url.hash !== '') return refuse('must have no "?" and no "#"');
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback && !allowHttp)
    return refuse('uses http:, which exposes keys on the network; use https:');
  return url;
}
