// expect: minibatch refers to its instances, which must outlive it, and these are a temporary; give them a name
// page: data: minibatch of a temporary
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>

using namespace knit;

void use() {
#ifdef KNIT_WRONG
  auto batches = read_mnist("mnist").train | minibatch<100>(shuffle_by{1});
#else
  auto mnist = read_mnist("mnist");
  auto batches = mnist.train | minibatch<100>(shuffle_by{1});
#endif
}
