// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_field_output_h
#define lsr_fe_field_output_h

#include <lsr/fe/comparison.h>

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
   * If @p exact is given, the file also holds it as `exact`, and for each field
   * its error, `error_<name>` $= u_h(x) - u(x)$. Cells are written in one
   * degree more than the fields have, so that what is seen is the
   * finite-element function itself, and errors also between the nodes; in 1D
   * each cell is cut into short lines. A field with as many components as there
   * are space dimensions is written as a vector, any other one with several
   * components as scalars `<name>_0`, `<name>_1`, ...
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
   * differences of the first two to the third, `difference_network` and
   * `difference_refined`. applications/lsr/draw.py draws this file.
   */
  template <int dim>
  void
  write_vtu(const std::string &path, const ComparedFields<dim> &fields);
} // namespace lsr

#endif
