"""What protects against a client that attacks."""

from switch import edit, switch

SMUGGLING = "two readings of where a message ends (request smuggling)"
INJECTION = "bytes that end a line for one and not for another (header injection)"
HOPS = "fields of one hop, or in trailers, that change the next one"
TARGETS = "a target outside the base URL, or another host (open proxy)"
HOSTS = "a Host that misleads the upstream, or who prints it"
MEMORY_FAULT = "a fault in our memory, to run code"
SHOWING = "learning the key from what comes back"
LEAVE = "using the pool without leave"
SAME_MACHINE = "using the pool from this machine"
ADMIN = "reading the admin pages, or taking the mock's script over"
ENDLESS = "a head, body, chunk or trailer that never ends"
SLOW = "sending slowly, or nothing, to hold connections"
FILES = "more connections than the process may have files"
LEAVING = "leaving, or breaking a body off, to take good keys out"
MEMORY = "taking up the memory for bodies"
CRASHES = "bytes that end the program"
ESCAPES = "escape sequences for the terminal of who reads the log"

PARSER = "lib/io/http1_parser.cc"
HANDLER = "lib/proxy/proxy_handler.cc"
CONNECTION = "lib/io/server_connection.cc"

switch("smuggling/two-lengths", SMUGGLING, PARSER,
       edit("if (!digits || (++stated > 1 && kIsRequest)) ec = http::error::bad_content_length;",
            ""),
       kills=["Http1ParserTest.AmbiguousFramingIsRefused", "framing/"])
switch("smuggling/codings", SMUGGLING, PARSER,
       edit('!EqualsIgnoreCase(TrimWhitespace(*coding), "chunked")', "false"),
       kills=["Http1ParserTest.AmbiguousFramingIsRefused", "framing/"])
switch("smuggling/lines-of-chunks", SMUGGLING, PARSER,
       edit("return FaultOfLines(text, role, last_byte);", "return {};"),
       kills=["Http1ParserTest.AmbiguousChunksAreRefused", "chunks/"])
switch("smuggling/chunks-in-http-1-0", SMUGGLING, CONNECTION,
       edit("head.chunked && head.version == 10", "false"), kills=["framing/"])
switch("smuggling/unread-body", SMUGGLING, CONNECTION,
       edit("reader_.parser().done()", "true",
            within="if (reader_.parser().done()) co_return true;"),
       kills=["HttpServerTest.ABodyThatNobodyReadIsNoRequest"])
switch("smuggling/behind-close", SMUGGLING, CONNECTION,
       edit("parsed.keep_alive && !draining_", "!draining_"), kills=["pipelines/"])

switch("injection/bare-line-feeds", INJECTION, PARSER,
       edit("progress.code = FaultOfLines(read, impl_->role, impl_->last_byte);", ""),
       kills=["lines/"])
switch("injection/values", INJECTION, "lib/core/headers.cc",
       edit("if (HasLineEnd(word)) return false;", ""),
       edit(r"return c == '\r' || c == '\n' || c == '\0';", "return false;"),
       kills=["HeadersTest.NamesAreTokensAndValuesCannotSplitAField"])

switch("hops/fixed-fields", HOPS, "lib/proxy/forwarded_headers.cc",
       edit("io::IsHopByHop(name)", "false"),
       kills=["ForwardedHeadersTest.HopByHopAndFramingFieldsStay", "hops/"])
switch("hops/named-by-connection", HOPS, "lib/proxy/forwarded_headers.cc",
       edit('received.HasToken("Connection", name)', "false"),
       kills=["ForwardedHeadersTest.HopByHopAndFramingFieldsStay", "hops/"])
switch("hops/trailers", HOPS, "lib/io/http1_writer.cc",
       edit("if (!IsTrailer(field.name)) continue;", ""), kills=["chunks/own-key-trailers"])

switch("targets/dot-dot", TARGETS, "lib/proxy/path_join.cc",
       edit("LeavesItsFolder(parsed.path)", "false"),
       kills=["targets/", "target-dot-dot", "ProxyRulesTest.EscapingTargetsAreRefused"])
switch("targets/other-host", TARGETS, HANDLER,
       edit("!target->authority.empty()", "false"), kills=["targets/", "target-other-host"])
switch("targets/user-name", TARGETS, "lib/proxy/path_join.cc",
       edit("url->has_userinfo()", "false"), kills=["ConfinedTargetTest.IsRefused"])
switch("targets/connect", TARGETS, HANDLER,
       edit('head.method == "CONNECT"', "false"), kills=["methods/connect"])

switch("hosts/grammar", HOSTS, CONNECTION,
       edit("if (!IsHostField(field.value)) return 400;", ""), kills=["hosts/"])
switch("hosts/one", HOSTS, CONNECTION,
       edit("hosts > 1 || (hosts == 0 && head.version == 11)", "false"), kills=["hosts/"])
switch("hosts/its-own", HOSTS, "lib/proxy/forwarded_headers.cc",
       edit("host", 'received.Find("Host").value_or(host)', within='headers.Add("Host", host);'),
       kills=["hosts/", "host-of-the-upstream"])

HARDENING = "cmake/Hardening.cmake"
switch("memory-fault/position", MEMORY_FAULT, HARDENING,
       edit("-fPIE", "-fno-PIE"), edit("-pie", "-no-pie", within=":-pie>"),
       kills=["install.hardening"])
switch("memory-fault/stack-guards", MEMORY_FAULT, HARDENING,
       edit("-fstack-protector-strong", "-fno-stack-protector",
            within=";-fstack-protector-strong;"),
       kills=["install.hardening"])
switch("memory-fault/checked-calls", MEMORY_FAULT, HARDENING,
       edit(";-D_FORTIFY_SOURCE=${keywalk_fortify}", ""), kills=["install.hardening"])
switch("memory-fault/relocations", MEMORY_FAULT, HARDENING,
       edit("-Wl,-z,relro", "-Wl,-z,norelro"), kills=["install.hardening"])
switch("memory-fault/binding", MEMORY_FAULT, HARDENING,
       edit("-Wl,-z,now", "-Wl,-z,lazy"), kills=["install.hardening"])
switch("memory-fault/stack", MEMORY_FAULT, HARDENING,
       edit("-Wl,-z,noexecstack", "-Wl,-z,execstack"), kills=["install.hardening"])

switch("showing/trace", SHOWING, HANDLER, edit('head.method == "TRACE"', "false"),
       kills=["methods/trace", "ProxyRulesTest.MethodsThatShowOrLeaveTheProxyAreNotSupported"])
switch("showing/masker", SHOWING, "lib/core/secret.cc",
       edit("if (found.empty()) return std::string(text);", "return std::string(text);"),
       kills=["SecretMaskerTest.EveryOccurrenceBecomesItsHint"])

switch("leave/beyond-loopback", (LEAVE, "an open listener, open admin pages, keys over plain HTTP"),
       "lib/proxy/config_check.cc",
       edit("!io::IsLoopback(listen->host)", "false"),
       kills=["CheckProxyConfigTest.BeyondLoopbackNeedsTokensOrAWord",
              "configuration/listen-beyond-loopback"])
switch("leave/without-token", (LEAVE, SAME_MACHINE), "lib/proxy/client_auth.cc",
       edit("if (tokens_asked) return Admission::kRefused;", ""),
       kills=["ClientAuthTest.CredentialDecides", "token-missing",
              "ProxyFailoverTest.ClientTokenOpensThePoolAndStaysHere"])
switch("leave/token-stays", LEAVE, "lib/proxy/client_auth.cc",
       edit("for (const std::string_view name : CredentialHeaders()) headers.Erase(name);", ""),
       kills=["ClientAuthTest.TokenTakesEveryCredentialWithIt"])
switch("leave/token-among-words", LEAVE, "lib/proxy/client_auth.cc",
       edit("tokens_asked && NamesToken(headers)", "false"),
       kills=["ClientAuthTest.CredentialDecides"])
switch("leave/token-beyond-words", LEAVE, "lib/proxy/client_auth.cc",
       edit("if (++words > kMostWords) return true;", ""),
       kills=["ClientAuthTest.MoreWordsThanAreLookedAtAreRefused"])
switch("leave/other-kind", LEAVE, "lib/proxy/client_auth.cc",
       edit("tokens_asked || provider.IsByok(headers)", "provider.IsByok(headers)"),
       kills=["ClientAuthTest.CredentialDecides"])
switch("leave/wrong-token", (LEAVE, ADMIN), "lib/io/token_set.cc",
       edit("CRYPTO_memcmp(token.data(), digest.data(), digest.size()) == 0", "true"),
       kills=["ClientAuthTest.CredentialDecides", "token-pool-key-is-none",
              "TokenSetTest.HoldsWholeTokensOnly"])

switch("endless/head", ENDLESS, PARSER,
       edit("impl_->head_bytes + waiting > impl_->max_header_bytes", "false"),
       edit("static_cast<std::uint32_t>(max_header_bytes)", "1u << 30"),
       kills=["Http1ParserTest.HeadOverTheLimitIsRefusedHoweverItComes"])
switch("endless/fields", ENDLESS, PARSER,
       edit("head_.headers.size() + trailers_.size() >= kMaxFields", "false"), kills=["limits/"])
switch("endless/connection-list", ENDLESS, PARSER,
       edit("(connection_bytes_ += value.size()) > kMaxConnectionBytes", "false"),
       kills=["limits/"])
switch("endless/chunk-extensions", ENDLESS, PARSER,
       edit("framing_bytes > max_header_bytes + kMaxFramingPerContentByte * content_bytes",
            "false"),
       kills=["Http1ParserTest.ChunksThatAreMostlyExtensionAreRefused", "limits/"])
switch("endless/empty-lines", ENDLESS, "lib/io/message_reader.cc",
       edit("empty_lines_ > kMaxEmptyLines", "false"), kills=["limits/"])
switch("endless/stated-body", ENDLESS, HANDLER,
       edit("head.content_length.value_or(0) > plan->generation.config.limits.max_body_bytes",
            "false"),
       kills=["ProxyRulesTest.OwnKeysBodiesAreBoundedToo"])
switch("endless/recorded-body", ENDLESS, "lib/io/body_recording.cc",
       edit("piece.bytes().size() > max_bytes_ - read_bytes_", "false"), kills=["limits/"])
switch("endless/own-keys-body", ENDLESS, "lib/proxy/bounded_body.cc",
       edit("chunk.bytes().size() > left_", "false"),
       kills=["ProxyRulesTest.OwnKeysBodiesAreBoundedToo"])

switch("slow/heads", SLOW, CONNECTION,
       edit("stream_->ExpiresAfter(options_.header_timeout);", "stream_->ExpiresNever();"),
       kills=["HttpServerTest.SlowHeadersAreCutOff"])
switch("slow/unused", SLOW, CONNECTION,
       edit("stream_->ExpiresAfter(requests_ == 0 ? options_.header_timeout : "
            "options_.keep_alive);", "stream_->ExpiresNever();"),
       kills=["HttpServerTest.IdleConnectionsAreCutOff"])
switch("slow/bodies", SLOW, "lib/io/server_exchange.cc",
       edit("connection.stream_->ExpiresAfter(connection.options_.idle_timeout);",
            "connection.stream_->ExpiresNever();"),
       kills=["HttpServerTest.StalledBodiesAreCutOff", "time-limit-client-body"])
switch("slow/connections", SLOW, "lib/io/http_server.cc",
       edit("state->open >= state->settings->options.max_connections", "false"),
       kills=["HttpServerTest.TooManyConnectionsWait"])

switch("files/pause", FILES, "lib/io/http_server.cc",
       edit("co_await pause.async_wait(kAwaitTuple);", ""), kills=["hard_days.crowd"])
switch("files/goes-on", FILES, "lib/io/http_server.cc",
       edit("ec == asio::error::operation_aborted", "static_cast<bool>(ec)"),
       kills=["hard_days.crowd"])

switch("leaving/unseen", LEAVING, HANDLER, edit("exchange.WatchClient();", ""),
       kills=["ProxyStreamTest.ClientThatLeavesCancelsTheAttemptAndMarksNothing",
              "client-leaves-second-attempt"])
switch("leaving/half-a-body", LEAVING, "lib/io/key_failover.cc",
       edit("if (recording->failure()) co_return *recording->failure();", ""),
       kills=["FailingStepsTest.OnTheClientsSide"])
switch("leaving/half-an-upload", LEAVING, "lib/io/upload.cc",
       edit("piece->failed()", "false"),
       kills=["upload-breaks-off", "FailingStepsTest.OnTheClientsSide"])
switch("leaving/marks", LEAVING, "lib/io/key_failover.cc",
       edit("failover.OnTransportError();",
            "config_.pool->MarkTemporary(*step.key, {}, MarkReason::kRateLimited, "
            "config_.clock->now());"),
       kills=["ProxyUploadTest.AClientThatFailsHasSpentAnAttemptAndNoKey",
              "FailingStepsTest.OnTheUpstreamsSide"])

switch("memory/budget", MEMORY, "lib/io/body_memory.cc",
       edit("used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > max_bytes_",
            "used_.fetch_add(bytes, std::memory_order_relaxed) == BodyMemory::kUnlimited"),
       kills=["BodyMemoryTest.NothingIsGivenBeyondTheBudget"])
switch("memory/returned", MEMORY, "lib/io/body_memory.cc",
       edit("used_.fetch_sub(capacity, std::memory_order_relaxed);", ""),
       kills=["BodyMemoryTest.NothingIsGivenBeyondTheBudget"])
switch("memory/files", MEMORY, "lib/io/recorded_body.cc",
       edit("Spill(bytes)", "make_error_code(boost::system::errc::no_space_on_device)",
            within="return bytes.empty() ? error_code() : Spill(bytes);"),
       kills=["ProxyUploadTest.WhatFitsNoMemoryComesFromFiles"])
switch("memory/answer", MEMORY, HANDLER,
       edit('return Refusal(503, "the request\'s body could not be kept");',
            'return Refusal(502, "upstream proxy error");'),
       kills=["ProxyUploadTest.ABodyThatCannotBeKeptIs503", "FailingStepsTest.OnTheDisk"])
switch("memory/half-a-piece", MEMORY, "lib/io/body_recording.cc",
       edit("Fail(TransportError(Kind::kBodyStorage, ec, \"recording the request's body: \" + "
            "ec.message()));",
            "Fail(TransportError(Kind::kBodyStorage, ec, \"no space\")); "
            "read_bytes_ += piece.bytes().size(); latest_ = piece.bytes();"),
       kills=["FailingStepsTest.OnTheDisk"])

switch("crashes/last-chunk", CRASHES, PARSER,
       edit("IsCutInLastChunk(input)", "false", within="between_chunks && IsCutInLastChunk(input)"),
       kills=["Http1ParserTest.LastChunkThatIsCutMayBeSeenTwice", "hostile.table"])
switch("crashes/ambiguous", CRASHES, CONNECTION,
       edit("if (const int status = CheckRequest(head_)) {\n    co_await Refuse(status);\n"
            "    co_return false;\n  }", ""),
       kills=["MalformedTest.IsAnsweredOrClosedAsWrittenDown"])

switch("escapes/bytes", ESCAPES, "lib/proxy/access_log.cc",
       edit("if (byte <= 0x20 || byte >= 0x7f) c = '?';", ""),
       kills=["AccessLogTest.HostileTargetStaysOneShortLine"])
switch("escapes/length", ESCAPES, "lib/proxy/access_log.cc",
       edit("if (shown.size() > kMaxTarget) shown.resize(kMaxTarget);", ""),
       kills=["AccessLogTest.HostileTargetStaysOneShortLine"])
