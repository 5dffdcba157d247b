// Has what flags make a difference to: an array on the stack, and a call that only a check can know
// to fit.
#include <cstdio>
#include <cstring>

int main(int, char** arguments) {
  char text[64];
  std::strcpy(text, arguments[0]);
  return std::puts(text) < 0 ? 1 : 0;
}
