// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_field_sampling_h
#define lsr_fe_field_sampling_h

#include <lsr/fe/nodal_sampling.h>

namespace lsr
{
  /**
   * How a network with @p n_outputs outputs becomes a field of @p dof_handler:
   * by nodal_sampling() if its finite elements are continuous and their degrees
   * of freedom values at support points, else by projected_sampling(). This
   * evaluates the network inside of cells, so that in discontinuous elements
   * each side of a face has its own values, also where the network jumps.
   * Throws what the two throw, and if there is not an output for each
   * component.
   */
  template <int dim, int spacedim>
  Sampling
  field_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                 const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const unsigned int                       n_outputs,
                 const std::optional<double>             &time = std::nullopt);
} // namespace lsr

#endif
