// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_train_on_values_h
#define lsr_applications_train_on_values_h

#include <lsr/network/training.h>

#include <deal.II/base/conditional_ostream.h>

#include <cmath>
#include <ostream>

#include "refine/parameters.h"

namespace lsr
{
  /// Train a network on values at points as section Training says, with a line
  /// of progress now and then.
  inline void
  train_on_values(Network                          &network,
                  const Block                      &points,
                  const Column                     &targets,
                  const TrainingSection            &section,
                  const dealii::ConditionalOStream &pcout)
  {
    double mean_square = 0;
    for (std::size_t i = 0; i < targets.size(); ++i)
      mean_square += targets(i) * targets(i) / targets.size();

    TrainingParameters training = section.training;
    training.seed               = section.seed;
    training.target             = section.target * section.target * mean_square;

    pcout << "Training on " << points.extent(1)
          << " points: " << network.description() << std::endl;
    lsr::train(
      network,
      points,
      targets,
      training,
      [&](const char *stage, const unsigned int count, const double mse) {
        pcout << "  " << stage << ' ' << count << ": relative l2 error "
              << std::sqrt(mse / mean_square) << std::endl;
      });
  }
} // namespace lsr

#endif
