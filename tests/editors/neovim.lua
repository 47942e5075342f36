-- Drives Neovim's own language client and writes what it saw to OUT as JSON.
-- nvim --headless --clean -n -S neovim.lua   with SERVER (words), FILE, CURSOR ("line column", from 1 and 0), DO, OUT.
-- Speaks the API of 0.7 (Debian 12) and of today.

local seen = {}

local function get_clients()
  return (vim.lsp.get_clients or vim.lsp.get_active_clients)()
end

local function finish(code)
  local file = assert(io.open(vim.env.OUT, 'w'))
  file:write(vim.fn.json_encode(seen))
  file:close()
  for _, client in pairs(get_clients()) do client.stop() end
  vim.wait(2000, function() return #get_clients() == 0 end, 20)
  vim.cmd(code == 0 and 'qall!' or 'cquit ' .. code)
end

local function ask(buffer, method, params)
  local answers = assert(vim.lsp.buf_request_sync(buffer, method, params, 120000), method .. ' was not answered')
  for _, answer in pairs(answers) do
    assert(not (answer.error or answer.err), vim.inspect(answer.error or answer.err))
    return answer.result
  end
end

local ok, problem = xpcall(function()
  vim.cmd('edit ' .. vim.fn.fnameescape(vim.env.FILE))
  local buffer = vim.api.nvim_get_current_buf()
  local config = { name = 'pipesense', cmd = vim.split(vim.env.SERVER, ' '), root_dir = vim.env.ROOT }
  local id
  if vim.lsp.start then
    id = vim.lsp.start(config)
  else
    id = vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, id)
  end
  assert(id, 'the client did not start')
  local function is_ready()
    local client = vim.lsp.get_client_by_id(id)
    return client ~= nil and client.initialized and vim.lsp.buf_is_attached(buffer, id)
  end
  assert(vim.wait(120000, is_ready, 20), 'the server did not answer')
  local function findings() return vim.diagnostic.get(buffer) end
  assert(vim.wait(120000, function() return #findings() >= tonumber(vim.env.FINDINGS) end, 50), 'too few findings')
  local encoding = vim.lsp.get_client_by_id(id).offset_encoding

  seen.findings = {}
  for _, each in ipairs(findings()) do
    local code = each.code or (each.user_data and each.user_data.lsp and each.user_data.lsp.code)
    local marked = vim.api.nvim_buf_get_text(buffer, each.lnum, each.col, each.end_lnum, each.end_col, {})
    table.insert(seen.findings, code .. ': ' .. table.concat(marked, '\n'))
  end
  table.sort(seen.findings)

  local at = vim.split(vim.env.CURSOR, ' ')
  vim.api.nvim_win_set_cursor(0, { tonumber(at[1]), tonumber(at[2]) })
  local place = vim.lsp.util.make_position_params(0, encoding)
  local hover = ask(buffer, 'textDocument/hover', place)
  seen.hover = hover and hover.contents.value or ''

  local range = vim.lsp.util.make_range_params(0, encoding)
  range.context = { diagnostics = {} }
  seen.actions = {}
  for _, action in ipairs(ask(buffer, 'textDocument/codeAction', range) or {}) do
    table.insert(seen.actions, action.title)
    if action.title == vim.env.DO then
      if not action.edit then action = ask(buffer, 'codeAction/resolve', action) end
      vim.lsp.util.apply_workspace_edit(action.edit, encoding)
    end
  end
  if vim.env.RENAME then
    place.newName = vim.env.RENAME
    vim.lsp.util.apply_workspace_edit(ask(buffer, 'textDocument/rename', place), encoding)
  end
  vim.cmd('silent! wall')
  local wants_fewer = tonumber(vim.env.FINDINGS) > 0 and vim.env.DO ~= nil
  seen.settled = wants_fewer and vim.wait(10000, function() return #findings() < #seen.findings end, 50)
end, debug.traceback)
if not ok then seen.problem = problem end
finish(ok and 0 or 1)
