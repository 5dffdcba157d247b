// The number of files and sockets that this process may have open.
#ifndef KEYWALK_IO_DESCRIPTOR_LIMIT_H_
#define KEYWALK_IO_DESCRIPTOR_LIMIT_H_

#include <cstddef>

namespace keywalk::io {

// Raises the soft limit as far as the hard one, if it is lower than `wanted` (a connection takes
// one descriptor; common soft limits are 1,024). Returns the limit that holds now. For main() and
// tests: it concerns the whole process.
std::size_t RaiseDescriptorLimit(std::size_t wanted);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_DESCRIPTOR_LIMIT_H_
