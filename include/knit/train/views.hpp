// SPDX-License-Identifier: BSL-1.0
// views.hpp -- every view of training.
#pragma once
#include <knit/train/augment.hpp>
#include <knit/train/optimisers.hpp>
#include <knit/train/prefetch.hpp>
#include <knit/train/progress.hpp>
#include <knit/train/repeat.hpp>
#include <knit/train/run.hpp>
#include <knit/train/take.hpp>
#include <knit/train/takenth.hpp>
#include <knit/train/tap.hpp>
#include <knit/train/training.hpp>
#include <knit/train/until.hpp>
