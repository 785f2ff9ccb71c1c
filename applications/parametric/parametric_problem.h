// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_parametric_problem_h
#define lsr_applications_parametric_problem_h

#include <lsr/dense/host.h>
#include <lsr/fe/problem.h>
#include <lsr/refine/sampling.h>

#include <vector>

#include "refine/instances.h"

namespace lsr
{
  /// Make @p problem the one of @p instance. Mesh, degrees of freedom and
  /// sparsity stay as they are; boundary values may change. Collective.
  template <int dim>
  void
  set_instance(Problem<dim> &problem, const Instance &instance)
  {
    problem.advection_diffusion_reaction().set_functions(instance);
    problem.discretization.setup_dofs(problem.equation.dirichlet_conditions());
  }



  /// The points of @p nodes with @p inputs after their coordinates.
  inline Sampling
  with_inputs(const Sampling &nodes, const std::vector<double> &inputs)
  {
    const HostBlock   x   = to_host(nodes.points);
    const std::size_t dim = x.extent(0);
    const HostBlock   all("lsr::points", dim + inputs.size(), x.extent(1));
    for (std::size_t i = 0; i < x.extent(1); ++i)
      {
        for (std::size_t d = 0; d < dim; ++d)
          all(d, i) = x(d, i);
        for (std::size_t k = 0; k < inputs.size(); ++k)
          all(dim + k, i) = inputs[k];
      }
    return {to_memory_space(all), nodes.rows};
  }
} // namespace lsr

#endif
