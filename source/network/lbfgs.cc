// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later


#include "network/lbfgs.h"

#include <torch/optim/lbfgs.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    /// Leaves an optimizer of LibTorch in the midst of a step.
    struct OutOfTime
    {};
  } // namespace



  unsigned int
  minimize_by_lbfgs(
    const Column &x,
    const std::function<double(const Column &x, const Column &gradient)>
                          &function,
    const LBFGSParameters &parameters)
  {
    constexpr unsigned int n_at_a_time = 10;

    return guarded("L-BFGS", [&]() {
      const Column     point    = make_column(x.size());
      const Column     slope    = make_column(x.size());
      const at::Tensor variable = as_tensor(x).clone().set_requires_grad(true);
      variable.mutable_grad()   = at::zeros_like(variable);
      double best               = std::numeric_limits<double>::infinity();

      const auto evaluate = [&]() {
        if (std::isfinite(best) && parameters.out_of_time &&
            parameters.out_of_time())
          throw OutOfTime();
        as_tensor(point).copy_(variable.detach());
        const double value = function(point, slope);
        variable.mutable_grad().copy_(as_tensor(slope));
        if (value < best)
          {
            best = value;
            Kokkos::deep_copy(x, point);
          }
        return at::full({}, value, block_options());
      };

      torch::optim::LBFGS optimizer({variable},
                                    torch::optim::LBFGSOptions(1.)
                                      .max_iter(n_at_a_time)
                                      .history_size(parameters.history)
                                      .tolerance_grad(0.)
                                      .tolerance_change(0.)
                                      .line_search_fn("strong_wolfe"));
      unsigned int        iteration = 0;
      while (iteration < parameters.max_iterations)
        {
          const double before = best;
          try
            {
              optimizer.step(evaluate);
            }
          catch (const OutOfTime &)
            {
              break;
            }
          require(std::isfinite(best), "the value at the start is not finite");
          iteration += n_at_a_time;
          if (!(best < before) ||
              (parameters.go_on && !parameters.go_on(iteration, best)))
            break;
        }
      return iteration;
    });
  }
} // namespace lsr
