// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_field_output_h
#define lsr_fe_field_output_h

#include <lsr/fe/compared_fields.h>

#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  /// Finite-element fields and the names they carry in a file.
  using NamedFields = std::vector<std::pair<std::string, const FEVector *>>;

  /**
   * Write @p fields to the file @p path in VTU format for ParaView and VisIt.
   *
   * If @p exact is given, the file also holds its interpolation, `exact`, and
   * for each field the pointwise error, `error_<name>` $= |u_h(x) - u(x)|$.
   * In 2D and 3D, fields of degree 2 and more are written as cells of this
   * degree, so that what is seen is the finite-element function itself; in 1D
   * each cell is cut into that many lines. A field with as many
   * components as there are space dimensions is written as a vector, any other
   * one with several components as scalars `<name>_0`, `<name>_1`, ...
   *
   * Whatever the number of ranks, one file is written, as a whole or not at
   * all. Collective.
   *
   * @throw On all ranks, an exception with the path and the reason where the
   * file cannot be written.
   */
  template <int dim>
  void
  write_vtu(const std::string             &path,
            const dealii::Mapping<dim>    &mapping,
            const dealii::DoFHandler<dim> &dof_handler,
            const NamedFields             &fields,
            const dealii::Function<dim>   *exact = nullptr);

  /**
   * Write the fields `network`, `refined` and `fem` in the same way, and the
   * distances of the first two to the third, `difference_network` and
   * `difference_refined`.
   */
  template <int dim>
  void
  write_vtu(const std::string &path, const ComparedFields<dim> &fields);
} // namespace lsr

#endif
