// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/nodal_sampling.h>

#include <deal.II/base/exceptions.h>

#include <string>

#include "fe/instantiate.h"
#include "fe/nodal_element.h"

namespace lsr
{
  template <int dim, int spacedim>
  Sampling
  field_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                 const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const unsigned int                       n_outputs,
                 const std::optional<double>             &time)
  {
    const auto &elements = dof_handler.get_fe_collection();
    for (unsigned int i = 0; i < elements.size(); ++i)
      if (!internal::is_continuous_and_nodal(elements[i]))
        {
          AssertThrow(elements.n_components() == n_outputs,
                      dealii::ExcMessage(
                        "The network has " + std::to_string(n_outputs) +
                        " outputs, expected one for each of the " +
                        std::to_string(elements.n_components()) +
                        " components of the finite element " +
                        elements[i].get_name() + "."));
          return projected_sampling(mapping, dof_handler, time);
        }
    return nodal_sampling(mapping, dof_handler, n_outputs, time);
  }



#define INSTANTIATE(dim, spacedim)                                            \
  template Sampling field_sampling(const dealii::Mapping<dim, spacedim> &,    \
                                   const dealii::DoFHandler<dim, spacedim> &, \
                                   const unsigned int,                        \
                                   const std::optional<double> &);
  LSR_FOR_ALL_DIMENSIONS(INSTANTIATE)
} // namespace lsr
