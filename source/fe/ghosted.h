// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_ghosted_h
#define lsr_fe_ghosted_h

#include <lsr/fe/discretization.h>

#include <deal.II/dofs/dof_handler.h>
#include <deal.II/dofs/dof_tools.h>

namespace lsr
{
  /// A zero vector with room for all entries that this rank's cells refer to.
  template <int dim>
  FEVector
  make_relevant_vector(const dealii::DoFHandler<dim> &dof_handler,
                       const MPI_Comm                 communicator)
  {
    return FEVector(dof_handler.locally_owned_dofs(),
                    dealii::DoFTools::extract_locally_relevant_dofs(
                      dof_handler),
                    communicator);
  }

  /// A copy of @p field that knows all entries that this rank's cells refer to.
  template <int dim>
  FEVector
  ghosted(const dealii::DoFHandler<dim> &dof_handler, const FEVector &field)
  {
    FEVector copy =
      make_relevant_vector(dof_handler, field.get_mpi_communicator());
    copy.copy_locally_owned_data_from(field);
    copy.update_ghost_values();
    return copy;
  }
} // namespace lsr

#endif
