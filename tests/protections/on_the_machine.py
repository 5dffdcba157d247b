"""What protects against other users of the machine, and against mistakes of the operator."""

from switch import edit, switch

STORED = "reading keys where they are stored"
WRITTEN = "reading them where they are written"
SHOWN = "reading them in logs, metrics or the admin pages"
ADMIN = "reading the admin pages, or taking the mock's script over"
FREED = ("finding them in memory that was given back: crash dumps, swapped pages, an overread "
         "elsewhere")
SPLITTING = "bytes in a URL, key, token, name or prefix that would split a message"
WHILE_RUNNING = "a configuration that goes wrong while the proxy runs"
WITHDRAWN = "a key that was withdrawn and is used on"
DISK_AND_CLOCK = "a full disk, or a clock that is set"
STOPPING = "stopping and reloading at full load"
MISSPELT = "a safeguard that is misspelt"
OPEN = "an open listener, open admin pages, keys over plain HTTP"
EMPTY = "an empty file of tokens or keys, which would let everybody in"

CONFIG = "lib/proxy/proxy_config.cc"
CHECK = "lib/proxy/config_check.cc"
TOKEN_FILE = "lib/config/token_file.cc"
SERVER = "lib/proxy/proxy_server.cc"
SECRET = "lib/core/secret.cc"

switch("stored/readable", STORED, TOKEN_FILE,
       edit("(status.st_mode & (S_IRGRP | S_IROTH)) == 0", "true"),
       kills=["ProxyConfigTest.SecretsThatOthersMayReadAreWarnedOf"])

switch("written/mode", WRITTEN, "lib/config/new_file.cc",
       edit("kOwnerOnly", "0644", within="O_CLOEXEC, kOwnerOnly)"),
       kills=["ProxyDumpTest.EveryAttemptLeavesAFileForItsOwnerWithKeysMasked",
              "RecordTest.TheFileIsItsOwnersAloneAndWrittenWhileItRuns"])
switch("written/hints", WRITTEN, "lib/proxy/attempt_record.cc",
       edit("redactor.Mask(RedactHeader(field.name, field.value))", "std::string(field.value)"),
       kills=["ProxyDumpTest.EveryAttemptLeavesAFileForItsOwnerWithKeysMasked"])

switch("shown/log", SHOWN, "lib/proxy/access_log.cc",
       edit("Shown(RedactTarget(record.target), masker, own)", "std::string(record.target)"),
       kills=["AccessLogTest.SecretsAreMaskedWhereverTheyStand", "access-key-in-query"])
switch("shown/page", SHOWN, "lib/proxy/admin_pages.cc",
       edit("pool.hint(index)", "pool.key(index)"),
       kills=["ProxyFailoverTest.PoolPageShowsStatesAndHintsOnly"])

switch("admin/token", ADMIN, "lib/proxy/admin_pages.cc",
       edit("!Admits(head)", "false"),
       kills=["AdminTokenTest.PagesAskForItAndNothingElseWillDo"])
switch("admin/no-client-token", ADMIN, "lib/proxy/generation.cc",
       edit("config.client_tokens", "config.admin_tokens", within="auth(config.client_tokens,"),
       kills=["AdminTokenTest.IsNoClientToken"])
switch("admin/of-the-mock", ADMIN, "mockupstream/admin/admin.cc",
       edit("!tokens_.AdmitsBearer(head.headers)", "false"),
       kills=["AdminTest.AsksForATokenWhereThereIsOne"])

switch("freed/lists", FREED, SECRET,
       edit("for (std::string& secret : secrets_) Wipe(secret);", ""), kills=["secrets.wiped"])
switch("freed/files", FREED, "lib/include/keywalk/secret.h",
       edit("Wipe(text_);", "", within="~WipeAtEnd() { Wipe(text_); }"), kills=["secrets.wiped"])
switch("freed/fields", FREED, "lib/include/keywalk/secret.h",
       edit("WipeMemory(memory, count * sizeof(T));", ""), kills=["secrets.wiped"])
switch("freed/growth", FREED, SECRET,
       edit("Wipe(text);", "", within="grown = text;\n  Wipe(text);"), kills=["secrets.wiped"])
switch("freed/heads", FREED, "lib/io/upstream_exchange.cc",
       edit("WipeContent(head);", "head.clear();", within="WipeContent(head);\n      return"),
       kills=["secrets.wiped"])
switch("freed/uploads", FREED, "lib/io/upload.h",
       edit("Wipe(head_);", ""), kills=["secrets.wiped"])

switch("splitting/token", SPLITTING, TOKEN_FILE,
       edit("IsToken((*tokens)[i])", "true"),
       kills=["configuration/"])
switch("splitting/prefix", SPLITTING, CHECK,
       edit("!IsPrefix(route.prefix)", "false"),
       kills=["configuration/"])
switch("splitting/file-name", SPLITTING, CONFIG,
       edit("name.find('\\0') != name.npos", "false"), kills=["configuration/"])
switch("splitting/place", SPLITTING, CONFIG,
       edit('if (!base) object.Problem("base_url", base.error().message());', ""),
       kills=["ProxyConfigTest.MistakesAreNamedByPlaceAndReason"])
switch("splitting/key", SPLITTING, "lib/core/key_pool.cc",
       edit("!IsValidKey(keys[index])", "false"), kills=["configuration/"])

switch("while-running/checked", WHILE_RUNNING, SERVER,
       edit("CheckServable(std::move(config))", "Result<ProxyConfig>(std::move(config))",
            within="Once more, as what of it can be changed makes it.\n"
                   "    Result<ProxyConfig> checked = CheckServable(std::move(config));"),
       kills=["ProxyReloadTest.RefusedConfigurationLeavesEverythingAsItWas",
              "ProxyReloadTest.AnOpenListenerDoesNotLoseItsTokens"])
switch("while-running/whole", WHILE_RUNNING, SERVER,
       edit("if (!serving) return serving.error();",
            "if (!serving) { (*next)->TakeOver(*running); shared_->SetGeneration(*next); "
            "return serving.error(); }"),
       kills=["ProxyReloadTest.RefusedConfigurationLeavesEverythingAsItWas"])
switch("while-running/address", WHILE_RUNNING, "lib/proxy/config_change.cc",
       edit('keep("listen", running.listen, next.listen);', ""),
       kills=["ProxyReloadTest.AnOpenListenerDoesNotLoseItsTokens"])
switch("while-running/again", WHILE_RUNNING, "lib/proxy/main.cc",
       edit("AwaitHangUp(server, read_config);", "",
            within="if (drained_) return context_.stop();\n          "
                   "AwaitHangUp(server, read_config);"),
       kills=["ProxyProgramTest.HangUpReadsTheFilesAnew"])

switch("withdrawn/used-on", WITHDRAWN, "lib/proxy/worker.cc",
       edit("handler_->Use(std::move(next));", ""),
       kills=["ProxyReloadTest.RequestInFlightEndsWithTheKeysItBeganWith"])

switch("disk/half-a-record", DISK_AND_CLOCK, "lib/proxy/dump_writer.cc",
       edit("std::remove(unfinished.c_str());", ""), kills=["hard_days.disk"])
switch("clock/that-is-set", DISK_AND_CLOCK, "lib/io/system_clock.cc",
       edit("Instant(std::chrono::steady_clock::now() - start_)",
            "Instant(std::chrono::system_clock::now().time_since_epoch())"),
       kills=["hard_days.clock"])

switch("stopping/at-once", STOPPING, "lib/io/http_server.cc",
       edit("state->open > 0", "false", within="while (state->open > 0 &&"),
       kills=["hard_days.signals"])
switch("stopping/cost", STOPPING, "lib/io/server_connection.cc",
       edit("if (!in_request_) stream_->Close();", "stream_->Close();"),
       kills=["hard_days.signals"])
switch("stopping/rest", STOPPING, "lib/core/key_pool.cc",
       edit("seen < inherited", "false", within="while (seen < inherited &&"),
       kills=["hard_days.signals"])

switch("misspelt/member", MISSPELT, "lib/config/json_reader.cc",
       edit('Problem(member.key(), "unknown key; known are " + QuotedList(listed_));', ""),
       kills=["configuration/json-unknown-member"])
switch("misspelt/option", MISSPELT, "lib/proxy/command_line.cc",
       edit("app.parse(argc, argv);", "app.allow_extras(); app.parse(argc, argv);"),
       kills=["CommandLineTest.WrongUseEndsWithTwoAndAReason"])

switch("open/admin", OPEN, CHECK, edit("!io::IsLoopback(admin->host)", "false"),
       kills=["CheckProxyConfigTest.OpenAdminPagesAndPlainUpstreamsAreWarnedOf"])
switch("open/plain", OPEN, CHECK, edit("!io::IsLoopback(base->host)", "false"),
       kills=["CheckProxyConfigTest.OpenAdminPagesAndPlainUpstreamsAreWarnedOf"])

switch("empty/tokens", EMPTY, TOKEN_FILE,
       edit('if (tokens->empty()) return Error(path + ": no " + name + "s provided");', ""),
       kills=["configuration/token-none"])
switch("empty/keys", EMPTY, CONFIG,
       edit('if (!pool) return Error(path + ": " + pool.error().message());', ""),
       kills=["configuration/key-none"])
