// The header fields in which a refusal tells when to come back.
#ifndef KEYWALK_SIM_UPSTREAM_RETRY_HINT_H_
#define KEYWALK_SIM_UPSTREAM_RETRY_HINT_H_

#include <optional>

#include "keywalk/clock.h"
#include "keywalk/headers.h"
#include "mockupstream/model/key_model.h"
#include "sim/world/world.h"

namespace keywalk::sim {

// Adds the field of that form; nothing for kNone and kProvider. `wall_now` is the upstream's civil
// time, which a date is counted from. A wait below zero is told as zero.
void AddRetryHint(RetryHint::Form form, Milliseconds wait, Milliseconds wall_now, Headers& headers);

// Makes the provider's fields say what the key's hint says: another form, or a wrong wait. Returns
// the wait that they tell; nullopt if they tell none.
std::optional<Duration> ApplyRetryHint(const RetryHint& hint, const mock::Admission& refused,
                                       Milliseconds wall_now, Headers& headers);

}  // namespace keywalk::sim

#endif  // KEYWALK_SIM_UPSTREAM_RETRY_HINT_H_
