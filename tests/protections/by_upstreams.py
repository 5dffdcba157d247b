"""What protects against an upstream that attacks, or somebody in its place."""

from switch import edit, switch

IMPOSTOR = "another server under the upstream's name"
ECHO = "sending the key back, to have it logged"
SURPLUS = "an answer too many, to be taken for the next one's"
DISCARDED = "discarded answers that are slow or endless, to stop failover"
SILENT = "falling silent"
RETRY_AFTER = "a Retry-After that blocks a key for years, or overflows"
CREDENTIALS = "reading a credential that is not its own"

EXCHANGE = "lib/io/upstream_exchange.cc"
RECORD = "lib/proxy/attempt_record.cc"

switch("impostor/name", IMPOSTOR, "lib/io/socket_stream.cc",
       edit("if (!ec) stream->layer().set_verify_callback(asio::ssl::host_name_verification(host), "
            "ec);", ""),
       kills=["HttpTransportTlsTest.VerifiesTheUpstreamsCertificate"])
switch("impostor/trust", IMPOSTOR, "lib/io/socket_stream.cc",
       edit("asio::ssl::verify_peer", "asio::ssl::verify_none"),
       kills=["HttpTransportTlsTest.VerifiesTheUpstreamsCertificate",
              "ProxyRulesTest.TlsIsServedAndTheUpstreamVerified"])

switch("echo/records", ECHO, RECORD,
       edit("redactor.Mask(body.kept())", "std::string(body.kept())"),
       kills=["AttemptRecordTest.EchoedKeysAreMaskedEverywhere", "dump-echoed-key"])
switch("echo/method-in-records", ECHO, RECORD,
       edit("redactor.Mask(record.method)", "std::string(record.method)"),
       kills=["AttemptRecordTest.EchoedKeysAreMaskedEverywhere"])
switch("echo/method-in-log", ECHO, "lib/proxy/access_log.cc",
       edit("Shown(record.method, masker, own)", "std::string(record.method)"),
       kills=["AccessLogTest.AMethodIsAnyTokenAndMayHoldASecretToo"])
switch("echo/cut-off", ECHO, RECORD,
       edit("redactor.MaskCutOff(body.kept())", "redactor.Mask(body.kept())"),
       kills=["AttemptRecordTest.LongBodyIsCutOffBetweenCharactersAndKeys"])
switch("echo/compressed", ECHO, RECORD,
       edit('!EqualsIgnoreCase(*encoding, "identity")', "false"),
       kills=["AttemptRecordTest.CompressedBodyCouldHideAKeyAndIsLeftOut"])

switch("surplus/kept", SURPLUS, "lib/io/connection_pool.cc",
       edit("if (connection->reader.has_buffered()) return;", ""),
       kills=["ReusedConnectionTest.ASurplusAnswerIsNotTheNextRequests"])
switch("surplus/came-later", SURPLUS, "lib/io/connection_pool.cc",
       edit("connection->stream->IsStale()", "false"),
       kills=["HttpTransportTlsTest.AConnectionWithASurplusAnswerIsNotReused"])

switch("discarded/bytes", DISCARDED, EXCHANGE,
       edit("discarded <= limits.max_bytes", "true"),
       edit("content_length_.value_or(0) > limits.max_bytes", "false"),
       kills=["HttpTransportTest.DiscardKeepsAShortBodysConnectionAndDropsALongOnes"])
switch("discarded/recorded", DISCARDED, "lib/proxy/recording_transport.cc",
       edit("read <= limits.max_bytes", "true", within="more && read <= limits.max_bytes"),
       edit("more = read <= limits.max_bytes;", ""),
       edit("if (!error && *target != nullptr) (*target)->Cancel();", ""),
       kills=["ProxyDumpTest.DiscardedEndlessBodyIsCutAndFailoverGoesOn"])

switch("silent/connecting", SILENT, "lib/io/connector.cc",
       edit("ExpiresAfter(options_.connect_timeout);", ""),
       kills=["hard_days.upstream"])
switch("silent/head", SILENT, EXCHANGE,
       edit("connection_->ExpiresAfter(shared_->options.response_head_timeout);",
            "connection_->stream->ExpiresNever();"),
       kills=["HttpTransportTest.TimeLimitsHold", "time-limit-response-head",
              "FailingStepsTest.OnTheUpstreamsSide"])
switch("silent/body", SILENT, EXCHANGE,
       edit("connection_->ExpiresAfter(shared_->options.idle_timeout);",
            "connection_->stream->ExpiresNever();",
            within="if (upload_ == nullptr || upload_->done()) {\n"
                   "    connection_->ExpiresAfter(shared_->options.idle_timeout);"),
       kills=["HttpTransportTest.TimeLimitsHold", "time-limit-idle-stream"])

switch("retry-after/overflow", RETRY_AFTER, "lib/core/decimal.cc",
       edit("whole > kMaxNs / unit_ns", "false"),
       kills=["RetryAfterTest.NumbersThatWrapIn64BitsAreTooMuch"])
switch("retry-after/limit", RETRY_AFTER, "lib/core/decimal.cc",
       edit("total_ns > kMaxNs", "false"), edit("parsed > kMaxRetryAfter", "false"),
       kills=["RetryAfterTest.TheLimitItselfIsKeptAndTheSmallestExcessIsNot"])

switch("credentials/of-others", CREDENTIALS, "lib/provider/keyed_provider.cc",
       edit("headers.Erase(name);", ""),
       kills=["headers-client-credentials-openai", "hops/credential-of-other-kind"])
# Each attempt begins with the client's fields, and a key takes the place of any other.
switch("credentials/of-attempts", CREDENTIALS, "lib/io/key_failover.cc",
       edit("attempt.headers = request.headers;",
            "if (attempt.headers.empty()) attempt.headers = request.headers;"),
       edit("CredentialHeaders()", "decltype(CredentialHeaders()){}",
            within="for (const std::string_view name : CredentialHeaders()) headers.Erase(name);",
            file="lib/provider/keyed_provider.cc"),
       edit("headers.Set(data_.auth_header, value);", "headers.Add(data_.auth_header, value);",
            file="lib/provider/keyed_provider.cc"),
       kills=["headers-one-auth-per-attempt"])
