/** A token for the sandbox's well-known app, by client credentials (dataverse.md section 2). */
export async function accessToken(env: Record<string, string>): Promise<string> {
  const answer = await fetch(env.TOKEN_URL!, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: env.CLIENT_ID!,
      client_secret: env.CLIENT_SECRET!,
      scope: `${env.BASE_URL}/.default`,
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}
