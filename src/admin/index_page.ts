/** What `/` shows: every endpoint, with how to call it. */
const ENDPOINTS: readonly [method: string, path: string, what: string][] = [
  ["GET", "config_dump", "everything this process knows, as JSON"],
  [
    "GET",
    "explain",
    "what would become of a connection: ?from= and to= [and method= and path=]",
  ],
  ["POST", "logging", "show log levels, or change them: ?level= and ?reset"],
  ["GET", "metrics", "metrics as OpenMetrics text"],
  ["POST", "quitquitquit", "drain and end the process"],
];

const row = ([method, path, what]: typeof ENDPOINTS[number]): string => {
  const call = method === "GET"
    ? `<a href="${path}">${path}</a>`
    : `<form method="post" action="${path}"><button>${path}</button></form>`;
  return `<tr><td>${method}</td><td>${call}</td><td>${what}</td></tr>`;
};

export const INDEX_PAGE = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>hairpin admin</title></head>
<body>
<h1>hairpin</h1>
<table>
<tr><th>Method</th><th>Path</th><th>What it does</th></tr>
${ENDPOINTS.map(row).join("\n")}
</table>
</body>
</html>
`;
