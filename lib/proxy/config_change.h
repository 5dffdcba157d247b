// What a reload changes, in words for the log, and what it cannot.
#ifndef KEYWALK_PROXY_CONFIG_CHANGE_H_
#define KEYWALK_PROXY_CONFIG_CHANGE_H_

#include <string>
#include <vector>

#include "proxy/proxy_config.h"

namespace keywalk::proxy {

// Puts into `next` what only a restart changes as it is in `running`: listeners, threads, the dump
// folder, where bodies are kept. Returns the members that were to be others. Pure.
std::vector<std::string> KeepUntilRestart(const ProxyConfig& running, ProxyConfig& next);

// "openai /a: 2 keys kept, 1 added, 1 removed", "limits", ...: everything that differs, empty if
// nothing does. Holds no secret. Pure.
std::vector<std::string> DescribeChanges(const ProxyConfig& before, const ProxyConfig& after);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_CONFIG_CHANGE_H_
