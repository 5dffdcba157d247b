#include "mockupstream/record/gunzip.h"

#include <array>
#include <boost/beast/zlib/inflate_stream.hpp>

namespace keywalk::mock {
namespace {

namespace zlib = boost::beast::zlib;

constexpr std::size_t kFixedHeaderBytes = 10;
constexpr std::size_t kTrailerBytes = 8;  // CRC32 and size

// RFC 1952 section 2.3.1.
constexpr unsigned kHasHeaderCheck = 2;
constexpr unsigned kHasExtra = 4;
constexpr unsigned kHasName = 8;
constexpr unsigned kHasComment = 16;

unsigned ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// Removes a text that ends with NUL; false if it does not end.
bool SkipText(std::string_view& bytes) {
  const std::size_t end = bytes.find('\0');
  if (end == bytes.npos) return false;
  bytes.remove_prefix(end + 1);
  return true;
}

bool Skip(std::string_view& bytes, std::size_t count) {
  if (bytes.size() < count) return false;
  bytes.remove_prefix(count);
  return true;
}

// Removes the member's header; false if there is none.
bool SkipHeader(std::string_view& bytes) {
  constexpr std::string_view kDeflateMagic = "\x1f\x8b\x08";
  if (bytes.size() < kFixedHeaderBytes || !bytes.starts_with(kDeflateMagic)) return false;
  const unsigned flags = ByteAt(bytes, 3);
  bytes.remove_prefix(kFixedHeaderBytes);
  if ((flags & kHasExtra) != 0) {
    if (bytes.size() < 2) return false;
    if (!Skip(bytes, 2 + ByteAt(bytes, 0) + 256 * ByteAt(bytes, 1))) return false;
  }
  if ((flags & kHasName) != 0 && !SkipText(bytes)) return false;
  if ((flags & kHasComment) != 0 && !SkipText(bytes)) return false;
  return (flags & kHasHeaderCheck) == 0 || Skip(bytes, 2);
}

}  // namespace

std::optional<std::string> Gunzip(std::string_view bytes, std::size_t max_bytes) {
  if (!SkipHeader(bytes)) return std::nullopt;
  zlib::inflate_stream inflate;
  zlib::z_params step;
  step.next_in = bytes.data();
  step.avail_in = bytes.size();
  std::string content;
  std::array<char, 16 * 1024> piece;
  boost::system::error_code code;
  while (!code) {
    step.next_out = piece.data();
    step.avail_out = piece.size();
    inflate.write(step, zlib::Flush::sync, code);
    const std::size_t made = piece.size() - step.avail_out;
    if (content.size() + made > max_bytes) return std::nullopt;
    content.append(piece.data(), made);
    if (!code && made == 0) return std::nullopt;  // cut off: it asks for more
  }
  if (code != zlib::error::end_of_stream || step.avail_in != kTrailerBytes) return std::nullopt;
  return content;
}

}  // namespace keywalk::mock
