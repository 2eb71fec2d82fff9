"""The language server: `dsl.editor` spoken over the Language Server Protocol.

`harness.lsp.server` needs pygls, which the extra ``lsp`` brings.
"""
