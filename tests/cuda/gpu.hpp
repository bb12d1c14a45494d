// SPDX-License-Identifier: BSL-1.0
// gpu.hpp -- what gpu.cu does for slow_gpu.cpp.
#pragma once
#include <vector>

bool gpu_available();
/// Runs a program once on copies of leaves and outputs, and copies all back.
template <class Spec> void run_on_gpu(std::vector<void*> const& leaves, std::vector<void*> const& outputs);
/// Of one step of MNIST, as a graph of so many steps launched so often.
double microseconds_of_sgd(int steps, int launches);
double microseconds_of_sgd_in_bf16(int steps, int launches);
double microseconds_of_adam(int steps, int launches);
