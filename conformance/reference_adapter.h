// Keywalk itself as the implementation under test: its proxy in process over real sockets, its core
// for `decide`.
#ifndef KEYWALK_CONFORMANCE_REFERENCE_ADAPTER_H_
#define KEYWALK_CONFORMANCE_REFERENCE_ADAPTER_H_

#include <functional>
#include <memory>
#include <string_view>

#include "conformance/adapter.h"
#include "keywalk/key_failover.h"

namespace keywalk::conformance {

// `suite` holds the policies of later setups and outlives the adapter. `log` gets the proxy's log
// lines, from several threads. `body_mode` is the proxy's; it declares `body.buffered` or
// `body.streamed` accordingly.
std::unique_ptr<Adapter> NewReferenceAdapter(const Suite& suite, BodyMode body_mode,
                                             std::function<void(std::string_view)> log);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_REFERENCE_ADAPTER_H_
