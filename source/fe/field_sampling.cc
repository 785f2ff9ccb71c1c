// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/nodal_sampling.h>

#include <deal.II/base/exceptions.h>

#include <cmath>
#include <string>

#include "fe/instantiate.h"

namespace lsr
{
  namespace
  {
    /// Whether degrees of freedom are values at points that all cells there
    /// agree on. Support points alone do not say so: FE_Q_DG0 has some.
    template <int dim, int spacedim>
    bool
    is_continuous_and_nodal(const dealii::FiniteElement<dim, spacedim> &fe)
    {
      if (fe.n_dofs_per_cell() == 0)
        return true;
      if (!fe.conforms(dealii::FiniteElementData<dim>::H1) ||
          !fe.has_support_points() || !fe.is_primitive())
        return false;
      for (unsigned int i = 0; i < fe.n_dofs_per_cell(); ++i)
        for (unsigned int j = 0; j < fe.n_dofs_per_cell(); ++j)
          if (fe.system_to_component_index(i).first ==
                fe.system_to_component_index(j).first &&
              std::abs(fe.shape_value(i, fe.unit_support_point(j)) -
                       (i == j ? 1. : 0.)) > 1e-8)
            return false;
      return true;
    }
  } // namespace



  template <int dim, int spacedim>
  Sampling
  field_sampling(const dealii::Mapping<dim, spacedim>    &mapping,
                 const dealii::DoFHandler<dim, spacedim> &dof_handler,
                 const unsigned int                       n_outputs,
                 const std::optional<double>             &time)
  {
    const auto &elements = dof_handler.get_fe_collection();
    for (unsigned int i = 0; i < elements.size(); ++i)
      if (!is_continuous_and_nodal(elements[i]))
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
