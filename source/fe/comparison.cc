// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/comparison.h>
#include <lsr/fe/field_distance.h>

#include <deal.II/base/function.h>
#include <deal.II/base/table_handler.h>
#include <deal.II/numerics/vector_tools_integrate_difference.h>

#include <cmath>
#include <utility>
#include <vector>

#include "fe/quadrature.h"
#include "ghosted.h"

namespace lsr
{
  using namespace dealii;

  namespace
  {
    /// The corners of a cell's division into n parts in each direction; the
    /// weights mean nothing.
    template <int dim>
    Quadrature<dim>
    lattice(const ReferenceCell &kind, const unsigned int n)
    {
      const Quadrature<dim>   of_cube = QIterated<dim>(QTrapezoid<1>(), n);
      std::vector<Point<dim>> points;
      for (const Point<dim> &point : of_cube.get_points())
        if (kind.contains_point(point, 1e-10))
          points.push_back(point);
      return Quadrature<dim>(points, std::vector<double>(points.size(), 1.));
    }

    /// The norm of the difference between a field with ghost values and a
    /// function, in the components of a base element.
    template <int dim>
    double
    difference_norm(const Mapping<dim>         &mapping,
                    const DoFHandler<dim>      &dof_handler,
                    const FEVector             &field,
                    const Function<dim>        &function,
                    const VectorTools::NormType norm,
                    const unsigned int          base = 0)
    {
      const auto         &fe    = dof_handler.get_fe();
      const ComponentMask mask  = base_element_masks(fe)[base];
      const unsigned int  first = mask.first_selected_component();
      const ComponentSelectFunction<dim> components(
        {first, first + mask.n_selected_components()}, fe.n_components());
      const Quadrature<dim> quadrature =
        (norm == VectorTools::Linfty_norm) ?
          lattice<dim>(fe.reference_cell(), 2 * fe.degree + 1) :
          gauss_quadrature<dim>(fe.reference_cell(), fe.degree + 3);

      const auto    &triangulation = dof_handler.get_triangulation();
      Vector<double> of_cells(triangulation.n_active_cells());
      VectorTools::integrate_difference(mapping,
                                        dof_handler,
                                        field,
                                        function,
                                        of_cells,
                                        quadrature,
                                        norm,
                                        &components);
      return VectorTools::compute_global_error(triangulation, of_cells, norm);
    }

    /// The field that is zero everywhere, in the space of @p field.
    FEVector
    zero_field(const FEVector &field)
    {
      FEVector zero(field);
      zero = 0;
      zero.update_ghost_values();
      return zero;
    }

    std::vector<std::pair<std::string, const Comparison::Row *>>
    named_rows(const Comparison &comparison)
    {
      return {{"network", &comparison.network},
              {"refined", &comparison.refined},
              {"finite elements", &comparison.fem}};
    }

    /// Add a number in scientific notation, or a dash where it is not known.
    void
    add_number(TableHandler &table, const std::string &column, const double x)
    {
      if (std::isnan(x))
        table.add_value(column, std::string("-"));
      else
        table.add_value(column, x);
      table.set_scientific(column, true);
      table.set_precision(column, 3);
    }

    const std::string &
    qualified(std::string &title, const bool relative)
    {
      if (!relative)
        title += " (absolute)";
      return title;
    }
  } // namespace

  template <int dim>
  FieldErrors
  compute_errors(const Mapping<dim>    &mapping,
                 const DoFHandler<dim> &dof_handler,
                 const FEVector        &field,
                 const Function<dim>   &exact)
  {
    AssertThrow(exact.n_components == dof_handler.get_fe().n_components(),
                ExcMessage("The exact solution has " +
                           std::to_string(exact.n_components) +
                           " components, but the finite-element field has " +
                           std::to_string(dof_handler.get_fe().n_components()) +
                           "."));

    const auto absolute_errors = [&](const FEVector &of_field) {
      const auto norm = [&](const VectorTools::NormType type) {
        return difference_norm(mapping, dof_handler, of_field, exact, type);
      };
      return FieldErrors{norm(VectorTools::L2_norm),
                         norm(VectorTools::H1_norm),
                         norm(VectorTools::Linfty_norm),
                         false};
    };

    const FEVector    values = ghosted(dof_handler, field);
    FieldErrors       errors = absolute_errors(values);
    const FieldErrors norms  = absolute_errors(zero_field(values));
    if (norms.L2 > 0 && norms.H1 > 0 && norms.Linf > 0)
      {
        errors.L2 /= norms.L2;
        errors.H1 /= norms.H1;
        errors.Linf /= norms.Linf;
        errors.relative = true;
      }
    return errors;
  }

  template <int dim>
  double
  compute_L2_error(const Mapping<dim>    &mapping,
                   const DoFHandler<dim> &dof_handler,
                   const FEVector        &field,
                   const Function<dim>   &exact)
  {
    const auto absolute_error = [&](const FEVector &of_field) {
      return difference_norm(
        mapping, dof_handler, of_field, exact, VectorTools::L2_norm);
    };
    const FEVector values = ghosted(dof_handler, field);
    const double   error  = absolute_error(values);
    const double   norm   = absolute_error(zero_field(values));
    return norm > 0 ? error / norm : error;
  }

  template <int dim>
  FieldDifference
  compute_difference(const Mapping<dim>    &mapping,
                     const DoFHandler<dim> &dof_handler,
                     const FEVector        &field,
                     const FEVector        &reference)
  {
    const auto                        &fe = dof_handler.get_fe();
    const Functions::ZeroFunction<dim> zero(fe.n_components());
    const auto norm = [&](const FEVector &vector, const unsigned int base) {
      return difference_norm(
        mapping, dof_handler, vector, zero, VectorTools::L2_norm, base);
    };

    const FEVector of_reference = ghosted(dof_handler, reference);
    FEVector       difference   = ghosted(dof_handler, field);
    difference -= of_reference;
    difference.update_ghost_values();

    const double    size = norm(of_reference, 0);
    FieldDifference result{norm(difference, 0) / (size > 0 ? size : 1.),
                           size > 0};
    if (fe.n_base_elements() > 1)
      result.multiplier = norm(difference, 1) / norm(of_reference, 1);
    return result;
  }

  template <int dim>
  Comparison
  compare(const ComparedFields<dim> &fields)
  {
    const auto measure = [&](const FEVector &field) {
      Comparison::Row row;
      if (fields.exact != nullptr)
        row.error = compute_errors(fields.mapping,
                                   fields.dof_handler,
                                   field,
                                   *fields.exact);
      row.difference_to_fem = compute_difference(fields.mapping,
                                                 fields.dof_handler,
                                                 field,
                                                 fields.fem);
      return row;
    };

    return {measure(fields.network),
            measure(fields.refined),
            measure(fields.fem)};
  }

  void
  Comparison::print(std::ostream &out) const
  {
    std::string L2 = "L2 error", H1 = "H1 error", Linf = "Linf error";
    if (network.error)
      for (std::string *title : {&L2, &H1, &Linf})
        qualified(*title, network.error->relative);
    std::string difference = "difference to FEM";
    qualified(difference, network.difference_to_fem.relative);

    TableHandler table;
    for (const auto &[name, row] : named_rows(*this))
      {
        table.add_value("field", name);
        if (row->error)
          {
            add_number(table, L2, row->error->L2);
            add_number(table, H1, row->error->H1);
            add_number(table, Linf, row->error->Linf);
          }
        add_number(table,
                   difference,
                   row == &fem ? std::numeric_limits<double>::quiet_NaN() :
                                 row->difference_to_fem.L2);
        if (std::isfinite(network.difference_to_fem.multiplier))
          add_number(table,
                     "of multiplier",
                     row == &fem ? std::numeric_limits<double>::quiet_NaN() :
                                   row->difference_to_fem.multiplier);
        add_number(table, "residual", row->residual);
      }
    table.write_text(out, TableHandler::org_mode_table);
  }

  void
  Comparison::write_csv(std::ostream &out) const
  {
    const std::streamsize precision = out.precision(17);
    out << "field,L2,H1,Linf,difference_to_fem,residual\n";
    for (const auto &[name, row] : named_rows(*this))
      {
        const FieldErrors error = row->error.value_or(FieldErrors());
        out << name;
        for (const double x : {error.L2,
                               error.H1,
                               error.Linf,
                               row->difference_to_fem.L2,
                               row->residual})
          {
            out << ',';
            if (std::isfinite(x))
              out << x;
          }
        out << '\n';
      }
    out.precision(precision);
  }

#define LSR_INSTANTIATE(dim)                                           \
  template FieldErrors     compute_errors(const Mapping<dim> &,        \
                                          const DoFHandler<dim> &,     \
                                          const FEVector &,            \
                                          const Function<dim> &);      \
  template double          compute_L2_error(const Mapping<dim> &,      \
                                            const DoFHandler<dim> &,   \
                                            const FEVector &,          \
                                            const Function<dim> &);    \
  template FieldDifference compute_difference(const Mapping<dim> &,    \
                                              const DoFHandler<dim> &, \
                                              const FEVector &,        \
                                              const FEVector &);       \
  template Comparison      compare(const ComparedFields<dim> &);

  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)

#undef LSR_INSTANTIATE
} // namespace lsr
