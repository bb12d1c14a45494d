// SPDX-License-Identifier: BSL-1.0
// knit.hpp -- the host API: expressions, differentiation, models, training as ranges, MNIST. What few programs need, as files
// of other kinds, checkpoints and searches, is included on its own or with all.hpp.
#pragma once
#include <knit/core/sentence.hpp>    // first, so that the sentence of a mistake stands on the first lines
#include <knit/core/tensor.hpp>      // tensor, view, unorm8
#include <knit/data/instances.hpp>   // read_mnist, instances
#include <knit/data/minibatch.hpp>   // minibatch, shuffle_by, in_order, shard
#include <knit/expr/print.hpp>       // to_string
#include <knit/gradients.hpp>        // value_and_gradients
#include <knit/io/idx.hpp>           // read_idx, map_idx
#include <knit/nn/chain.hpp>         // chain
#include <knit/nn/conv.hpp>          // conv, make_conv
#include <knit/nn/dense.hpp>         // dense, init, make_dense
#include <knit/nn/dropout.hpp>       // dropout
#include <knit/nn/regression.hpp>    // make_regression
#include <knit/op/catalogue.hpp>     // every op and composite
#include <knit/op/diff.hpp>          // diff, value, grad
#include <knit/optim/adadelta.hpp>   // adadelta_rule
#include <knit/optim/adagrad.hpp>    // adagrad_rule
#include <knit/optim/adam.hpp>       // adam_rule
#include <knit/optim/adamw.hpp>      // adamw_rule
#include <knit/optim/by_parameter.hpp>  // by_parameter, matrices: one rule or another
#include <knit/optim/clip.hpp>       // clip_each, clip_all: around a rule
#include <knit/optim/lion.hpp>       // lion_rule
#include <knit/optim/momentum.hpp>   // momentum_rule
#include <knit/optim/nesterov.hpp>   // nesterov_rule
#include <knit/optim/rmsprop.hpp>    // rmsprop_rule
#include <knit/optim/schedule.hpp>   // scheduled, step_decay, cosine, warm_up
#include <knit/optim/sgd.hpp>        // sgd_rule
#include <knit/optim/weight_decay.hpp>  // weight_decay, l1_penalty: around a rule
#include <knit/program.hpp>          // eval, params, update, inference, explain
#include <knit/train/metrics.hpp>    // accuracy, nll, confusion, measure
#include <knit/train/step.hpp>       // training_step, update_rule
#include <knit/train/views.hpp>      // sgd, cycle, repeat, take, takenth, progress, converge, early_stop, tap, record, run,
                                     // prefetch, augment
#include <knit/version.hpp>          // version_string
