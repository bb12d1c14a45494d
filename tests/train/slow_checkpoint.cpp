// SPDX-License-Identifier: BSL-1.0
// slow_checkpoint.cpp -- a training that is killed 200 times goes on as if it had not been.

#include "checkpoint.hpp"

TEST(checkpoint, of_a_training_that_is_killed_is_whole) { checkpoint_test::is_killed_and_goes_on(200); }
