// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/strong_residual.h>

#include <deal.II/base/exceptions.h>

#include <array>
#include <cmath>

namespace lsr
{
  template <int dim>
  struct StrongResidual<dim>::Layout
  {
    explicit Layout(const std::size_t n_inner)
      : n_inner(n_inner)
      , n_points(n_inner)
    {
      for (std::size_t i = 0; i < jet_size * n_inner; ++i)
        entries.push_back(i);
    }

    /// Add points behind those that are there; returns the number of the first.
    std::size_t
    add_points(const Block &points)
    {
      const std::size_t first = n_points;
      boundary_points.push_back(points);
      n_points += points.extent(1);
      return first;
    }

    /// Add entry @p k of the jet of a point to $q$; returns its place there.
    std::size_t
    add_entry(const std::size_t point, const unsigned int k)
    {
      entries.push_back(jet_size * point + k);
      return entries.size() - 1;
    }

    void
    add_values(const Block &points, const HostColumn &values, const double w)
    {
      const std::size_t first = add_points(points);
      for (std::size_t i = 0; i < values.size(); ++i)
        rows.push_back({add_entry(first + i, 0), 0, values(i), w});
      kinds.push_back(values.size());
    }

    void
    add_differences(const PeriodicPairs &pairs,
                    const double         w,
                    const bool           derivatives)
    {
      const std::size_t lower            = add_points(pairs.lower),
                        upper            = add_points(pairs.upper);
      std::vector<unsigned int> compared = {0};
      if (derivatives)
        compared.push_back(1 + pairs.direction);
      for (const unsigned int k : compared)
        {
          const std::size_t n = pairs.lower.extent(1);
          for (std::size_t i = 0; i < n; ++i)
            {
              const std::size_t entry = add_entry(lower + i, k);
              rows.push_back({entry, add_entry(upper + i, k), 0., w});
            }
          kinds.push_back(n);
        }
    }

    /// The rows, each kind scaled for its mean.
    std::vector<BoundaryRow>
    scaled_rows() const
    {
      std::vector<BoundaryRow> result = rows;
      std::size_t              i      = 0;
      for (const std::size_t n : kinds)
        for (const std::size_t end = i + n; i < end; ++i)
          result[i].scale *= std::sqrt(double(n_inner + rows.size()) / n);
      return result;
    }

    /// All points, inner ones first.
    Block
    points(const Block &inner) const
    {
      const Block all = make_block(inner.extent(0), n_points);
      Kokkos::deep_copy(columns(all, 0, n_inner), inner);
      std::size_t first = n_inner;
      for (const Block &more : boundary_points)
        {
          const std::size_t last = first + more.extent(1);
          Kokkos::deep_copy(columns(all, first, last), more);
          first = last;
        }
      return all;
    }

    const std::size_t        n_inner;
    std::size_t              n_points;
    std::vector<Block>       boundary_points;
    std::vector<std::size_t> entries;
    std::vector<BoundaryRow> rows;

    /// How many rows there are of each kind.
    std::vector<std::size_t> kinds;
  };



  template <int dim>
  StrongResidual<dim>::StrongResidual(
    const StrongForm<dim>            &form,
    const Block                      &inner_points,
    const Block                      &boundary_points,
    const Column                     &boundary_values,
    const double                      boundary_weight,
    const std::vector<PeriodicPairs> &periodic)
    : StrongResidual(form, inner_points, [&]() {
      AssertThrow(inner_points.extent(1) > 0,
                  dealii::ExcMessage(
                    "The strong form of an equation at no points at all."));
      AssertThrow(boundary_values.size() == boundary_points.extent(1),
                  dealii::ExcDimensionMismatch(boundary_values.size(),
                                               boundary_points.extent(1)));
      Layout layout(inner_points.extent(1));
      layout.add_values(boundary_points,
                        to_host(boundary_values),
                        boundary_weight);
      for (const PeriodicPairs &pairs : periodic)
        layout.add_differences(pairs,
                               boundary_weight,
                               form.diffusion()[pairs.direction] > 0.);
      return layout;
    }())
  {}



  template <int dim>
  StrongResidual<dim>::StrongResidual(const StrongForm<dim> &form,
                                      const Block           &inner_points,
                                      const Layout          &layout)
    : Residual(layout.entries.size(), layout.n_inner + layout.rows.size())
    , form(&form)
    , jets{layout.points(inner_points), layout.entries}
    , inner_points(to_host(inner_points))
    , boundary(layout.scaled_rows())
    , inner_scale(std::sqrt(double(n_rows()) / layout.n_inner))
  {
    CompressedRows rows;
    rows.n_columns = n_values();
    for (std::size_t i = 0; i < layout.n_inner; ++i)
      {
        rows.add(jet_size * i, inner_scale);
        rows.end_row();
      }
    for (std::size_t b = 0; b < boundary.size(); ++b)
      rows.end_row();
    mass = SparseMatrix(rows);
  }



  template <int dim>
  double
  StrongResidual<dim>::inner_row(const std::size_t                i,
                                 const double                    *jet,
                                 const dealii::ArrayView<double> &slopes) const
  {
    dealii::Point<dim> x;
    for (unsigned int d = 0; d < dim; ++d)
      x[d] = inner_points(d, i);
    const double f =
      form->evaluate(x, dealii::ArrayView<const double>(jet, jet_size), slopes);
    for (double &slope : slopes)
      slope *= inner_scale;
    return inner_scale * f;
  }



  template <int dim>
  void
  StrongResidual<dim>::evaluate(const Column &q, const Column &f)
  {
    const HostColumn             jet    = to_host(q);
    const auto                   result = Kokkos::create_mirror_view(f);
    const std::size_t            n      = inner_points.extent(1);
    std::array<double, jet_size> unused;
    for (std::size_t i = 0; i < n; ++i)
      result(i) = inner_row(i,
                            &jet(jet_size * i),
                            dealii::ArrayView<double>(unused.data(), jet_size));
    for (std::size_t b = 0; b < boundary.size(); ++b)
      {
        const auto &[entry, other, value, scale] = boundary[b];
        result(n + b) = scale * (jet(entry) - (other > 0 ? jet(other) : value));
      }
    Kokkos::deep_copy(f, result);
  }



  template <int dim>
  void
  StrongResidual<dim>::linearize(const Column &q)
  {
    const HostColumn             jet = to_host(q);
    std::array<double, jet_size> slopes;
    CompressedRows               rows;
    rows.n_columns = n_values();
    for (std::size_t i = 0; i < inner_points.extent(1); ++i)
      {
        inner_row(i,
                  &jet(jet_size * i),
                  dealii::ArrayView<double>(slopes.data(), jet_size));
        for (unsigned int k = 0; k < jet_size; ++k)
          rows.add(jet_size * i + k, slopes[k]);
        rows.end_row();
      }
    for (const BoundaryRow &row : boundary)
      {
        rows.add(row.entry, row.scale);
        if (row.other > 0)
          rows.add(row.other, -row.scale);
        rows.end_row();
      }
    jacobian = SparseMatrix(rows);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_mass(const Block &X, const Block &MX)
  {
    multiply(1., 'N', mass, X, 0., MX);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_transposed_mass(const Block &X, const Block &MTX)
  {
    multiply(1., 'T', mass, X, 0., MTX);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_jacobian(const Block &X, const Block &AX)
  {
    multiply(1., 'N', jacobian, X, 0., AX);
  }



  template <int dim>
  void
  StrongResidual<dim>::apply_transposed_jacobian(const Block &X,
                                                 const Block &ATX)
  {
    multiply(1., 'T', jacobian, X, 0., ATX);
  }



  template class StrongResidual<1>;
  template class StrongResidual<2>;
  template class StrongResidual<3>;
} // namespace lsr
