// A transport that records every attempt while it passes (SPEC proxy/7). It stands below the
// failover layer, so that failed attempts are recorded too.
#ifndef KEYWALK_PROXY_RECORDING_TRANSPORT_H_
#define KEYWALK_PROXY_RECORDING_TRANSPORT_H_

#include <memory>
#include <string>

#include "keywalk/clock.h"
#include "keywalk/transport.h"
#include "proxy/dump_writer.h"

namespace keywalk::proxy {

// Nothing is held back or buffered: bodies are copied, up to a bound, as they pass. `writer`
// outlives the transport and its responses; `secrets` are what is masked. Confined to the
// io_context of `inner`.
std::shared_ptr<Transport> NewRecordingTransport(std::shared_ptr<Transport> inner,
                                                 std::string provider,
                                                 std::shared_ptr<const Clock> clock,
                                                 std::shared_ptr<const Secrets> secrets,
                                                 DumpWriter& writer);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_RECORDING_TRANSPORT_H_
