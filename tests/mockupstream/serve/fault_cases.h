// What a client sees of each fault: one case, at least, for each pair of a place and a kind.
#ifndef KEYWALK_TESTS_MOCKUPSTREAM_SERVE_FAULT_CASES_H_
#define KEYWALK_TESTS_MOCKUPSTREAM_SERVE_FAULT_CASES_H_

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "mockupstream/script/fault.h"

namespace keywalk::mock::testing {

// How a connection goes on after the bytes that are expected.
enum class Then {
  kCloses,    // FIN
  kResets,    // RST
  kStalls,    // it stays open, and nothing comes
  kServesOn,  // the next request is answered
  kGoesOn,    // the same for ever
};

struct FaultCase {
  std::string name;
  std::string step;  // its members, without the fault
  std::string at;    // the fault's
  std::string kind;
  std::string members;   // what it has besides, with a comma in front
  std::string request;   // what is sent at first
  std::string first;     // what comes then, before the rest is sent; may be empty
  std::string rest;      // what is sent then
  std::string expected;  // all that comes, `first` included
  Then then;
  int status;                             // in the journal
  std::size_t body_bytes;                 // of the request, in the journal
  std::chrono::milliseconds at_least{0};  // how long that takes
};
void PrintTo(const FaultCase& fault, std::ostream* out);

// All of them, or those of a place.
std::vector<FaultCase> FaultCases();
std::vector<FaultCase> FaultCasesAt(Fault::At at);

// The members that such a fault needs besides its place: `", ..."` or nothing.
std::string NeededMembers(Fault::Kind kind);

// All places and kinds, by number.
std::vector<Fault::At> Places();
std::vector<Fault::Kind> Kinds();

}  // namespace keywalk::mock::testing

#endif  // KEYWALK_TESTS_MOCKUPSTREAM_SERVE_FAULT_CASES_H_
