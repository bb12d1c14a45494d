// SPDX-License-Identifier: BSL-1.0
// all.hpp -- knit.hpp and what few programs need: all that is for CPUs but io/dlpack.hpp, which needs DLPack's header.
#pragma once
#include <knit/io/csv.hpp>        // read_csv
#include <knit/io/npy.hpp>        // read_npy, map_npy, npz_file
#include <knit/io/svg_curve.hpp>  // svg_curve
#include <knit/knit.hpp>
#include <knit/nn/curve.hpp>                   // make_curve
#include <knit/train/checkpoint.hpp>           // save, load
#include <knit/train/goldensection.hpp>        // goldensection
#include <knit/train/hyperband.hpp>            // hyperband
#include <knit/train/lbfgs.hpp>                // lbfgs
#include <knit/train/levenberg_marquardt.hpp>  // levenberg_marquardt
#include <knit/train/log.hpp>                  // log_to
#include <knit/train/save_header.hpp>          // save_header
