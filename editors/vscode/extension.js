// Starts `rheostat lsp` when a Rheo program is opened, and lets go of it at the end.

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const [command, ...args] = vscode.workspace.getConfiguration("rheo").get("command");
  client = new LanguageClient(
    "rheo",
    "Rheo",
    { command, args },
    { documentSelector: [{ language: "rheo" }] },
  );
  await client.start();
}

async function deactivate() {
  await client?.stop();
}

module.exports = { activate, deactivate };
