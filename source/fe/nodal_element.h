// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_nodal_element_h
#define lsr_fe_nodal_element_h

#include <deal.II/fe/fe.h>

#include <cmath>

namespace lsr
{
  namespace internal
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
  } // namespace internal
} // namespace lsr

#endif
