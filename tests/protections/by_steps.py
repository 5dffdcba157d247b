"""What keeps a request that breaks off in the middle from leaving something behind."""

from switch import edit, switch

BREAKING = "breaking off, wherever a request or an answer is, to leave something half done"

STOPPING = "stopping and reloading at full load"
LOAD = ("answers that are somebody else's, doubled, cut off or made up, under load and faults of "
        "all kinds")

UPSTREAM = "FailingStepsTest.OnTheUpstreamsSide"
EXCHANGE = "lib/io/upstream_exchange.cc"

switch("breaking/close", BREAKING, EXCHANGE,
       edit("if (connection_ != nullptr) std::exchange(connection_, nullptr)->stream->Close();",
            "connection_ = nullptr;"),
       kills=[UPSTREAM])
switch("breaking/half-as-whole", (BREAKING, LOAD), "lib/proxy/proxy_handler.cc",
       edit('record.ending = "cut off";',
            'record.ending = "cut off"; '
            "co_await exchange.FinishResponse(response.body->trailers());"),
       kills=[UPSTREAM, "soak.short"])
switch("breaking/half-for-old-clients", (BREAKING, STOPPING), "lib/io/server_exchange.cc",
       edit("connection_.stream_->ResetOnClose(true);", ""),
       kills=[UPSTREAM, "FailingStepsTest.WhileTheClientLeavesOrTheServerStops",
              "HttpServerTest.AClientOfHttp10SeesThatAnAnswerIsNotWhole", "hard_days.signals"])
switch("breaking/half-by-shutdown", BREAKING, "lib/io/socket_stream.cc",
       edit("if (resets_on_close_) return Close();", ""),
       kills=["HttpServerTest.AClientOfHttp10SeesThatToWhileItsUploadIsWaitedFor"])
switch("breaking/answer-behind-half", BREAKING, "lib/io/server_connection.cc",
       edit("if (!exchange.complete()) co_return false;",
            "if (!exchange.complete()) { co_await Refuse(502); co_return false; }"),
       kills=[UPSTREAM])
switch("breaking/waiting-upload", BREAKING, "lib/io/upload.cc",
       edit("if (!ended_ && stream_ != nullptr) stream_->Cancel();", ""),
       kills=["ProxyUploadTest.EachAttemptsRecordHasWhatThatAttemptSent"])
switch("breaking/sent-twice", BREAKING, EXCHANGE,
       edit("stream.NothingSeenSince(before)", "true"), kills=[UPSTREAM])
switch("breaking/half-a-request", BREAKING, EXCHANGE,
       edit("upload_ == nullptr || upload_->done()", "true",
            within="const bool sent = upload_ == nullptr || upload_->done();"),
       kills=[UPSTREAM])
switch("breaking/forgotten-answer", BREAKING, "lib/io/server_connection.cc",
       edit("!exchange.client_gone().requested()", "false"),
       kills=["HttpServerTest.AHandlerWithoutAnAnswerGets500"])
switch("breaking/watch", BREAKING, "lib/proxy/proxy_handler.cc",
       edit("if (chunk.error().kind == Kind::kCancelled) break;", ""),
       kills=["FailingStepsTest.WhileTheClientLeavesOrTheServerStops"])

switch("load/lent-twice", LOAD, "lib/io/connection_pool.cc",
       edit("connection->reused = true;",
            "connection->reused = true; idle_.push_back(connection);"),
       kills=["soak.short"])
switch("load/doubled", LOAD, "lib/proxy/proxy_handler.cc",
       edit("gone = co_await exchange.WriteBody(together.empty() ? chunk.bytes() : together);",
            "gone = co_await exchange.WriteBody(together.empty() ? chunk.bytes() : together); "
            "if (!gone) gone = co_await exchange.WriteBody("
            "together.empty() ? chunk.bytes() : together);"),
       kills=["soak.short"])
switch("load/rests", LOAD, "lib/core/key_pool.cc",
       edit("states[position_].load(std::memory_order_acquire) < valid_below", "true"),
       kills=["soak.short"])
switch("load/the-balance", LOAD, "tests/soak/explain.py",
       edit("order != sorted(set(order))", "False"), kills=["soak.self_test"])
