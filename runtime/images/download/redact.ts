/** Names of query parameters whose values are credentials: signed URLs of object stores, access tokens. */
const SECRET_NAME = /token|sig|secret|pass|key|auth|cred/i;

/** A URL for people: without user and password, and without query values that may be credentials. */
export function redactUrl(text: string): string {
  const withoutUser = text.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1***@');
  return withoutUser.replace(/([?&])([^=&#]*)=([^&#]*)/g, (whole, separator: string, name: string) =>
    SECRET_NAME.test(name) ? `${separator}${name}=***` : whole,
  );
}
