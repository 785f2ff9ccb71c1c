// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/point_field.h"

#include <lsr/base/exceptions.h>

#include <deal.II/base/point.h>
#include <deal.II/numerics/rtree.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <sstream>

namespace lsr
{
  namespace
  {
    template <int dim>
    using Points = std::vector<dealii::Point<dim>>;

    /// Points and their parts in the value at another point.
    using Weights = std::vector<std::pair<std::size_t, double>>;



    template <int dim>
    Points<dim>
    to_points(const Block &block)
    {
      require(block.extent(0) == dim,
              "points of " + std::to_string(block.extent(0)) +
                " coordinates, expected " + std::to_string(dim));
      const HostBlock host = to_host(block);
      Points<dim>     points(host.extent(1));
      for (std::size_t i = 0; i < points.size(); ++i)
        for (unsigned int d = 0; d < dim; ++d)
          points[i][d] = host(d, i);
      return points;
    }



    template <int dim>
    std::string
    to_string(const dealii::Point<dim> &point)
    {
      std::ostringstream text;
      text << '(' << point << ')';
      return text.str();
    }



    [[noreturn]] void
    no_data_at(const std::string &point)
    {
      throw Error("the field is not known near the point " + point +
                  ": expected values on all of the domain");
    }



    /// The four nearest of the sorted numbers @p x, or all of them, with the
    /// values of their Lagrange polynomials at @p t.
    Weights
    cubic_weights(const std::vector<double> &x, const double t)
    {
      const std::size_t n = std::min<std::size_t>(4, x.size());
      const std::size_t above =
        std::lower_bound(x.begin(), x.end(), t) - x.begin();
      const std::size_t first =
        std::min(above > n / 2 ? above - n / 2 : 0, x.size() - n);
      Weights weights;
      for (std::size_t i = first; i < first + n; ++i)
        {
          double weight = 1.;
          for (std::size_t j = first; j < first + n; ++j)
            if (j != i)
              weight *= (t - x[j]) / (x[i] - x[j]);
          weights.emplace_back(i, weight);
        }
      return weights;
    }



    /// The number of the entry of @p x that @p t is up to @p tolerance.
    std::size_t
    find(const std::vector<double> &x, const double t, const double tolerance)
    {
      return std::lower_bound(x.begin(), x.end(), t - tolerance) - x.begin();
    }



    /// All combinations of some numbers in each direction.
    template <int dim>
    struct Grid
    {
      std::array<std::vector<double>, dim> axes;

      /// The point with these numbers in all directions; the first is fastest.
      std::vector<std::size_t> points;

      Weights
      weights(const dealii::Point<dim> &query) const
      {
        Weights result = {{0, 1.}};
        for (int d = dim - 1; d >= 0; --d)
          {
            const std::vector<double> &x = axes[d];
            const double               half =
              x.size() < 2 ? 0. :
                                           0.5001 * (x.back() - x.front()) / (x.size() - 1);
            if (!(query[d] >= x.front() - half && query[d] <= x.back() + half))
              no_data_at(to_string(query));
            Weights next;
            for (const auto &[i, weight] : cubic_weights(x, query[d]))
              for (const auto &[others, other_weight] : result)
                next.emplace_back(others * x.size() + i, other_weight * weight);
            result = std::move(next);
          }
        for (auto &entry : result)
          entry.first = points[entry.first];
        return result;
      }
    };



    /// The grid of the given points, if they are one.
    template <int dim>
    std::optional<Grid<dim>>
    find_grid(const Points<dim> &points, const double size)
    {
      const double tolerance = 1e-9 * size;
      Grid<dim>    grid;
      std::size_t  n = 1;
      for (unsigned int d = 0; d < dim; ++d)
        {
          std::vector<double> all;
          for (const auto &point : points)
            all.push_back(point[d]);
          std::sort(all.begin(), all.end());
          for (const double x : all)
            if (grid.axes[d].empty() || x > grid.axes[d].back() + tolerance)
              grid.axes[d].push_back(x);
          n *= grid.axes[d].size();
          if (n > points.size())
            return std::nullopt;
        }
      if (n != points.size())
        return std::nullopt;

      grid.points.assign(n, n);
      for (std::size_t i = 0; i < n; ++i)
        {
          std::size_t place = 0;
          for (int d = dim - 1; d >= 0; --d)
            place = place * grid.axes[d].size() +
                    find(grid.axes[d], points[i][d], tolerance);
          if (grid.points[place] != n) // the same point twice
            return std::nullopt;
          grid.points[place] = i;
        }
      return grid;
    }



    /**
     * The weights of the points at @p offsets, in units of their distance, in
     * the value at zero of the polynomial of degree two that is fitted to them.
     * With rows scaled by $s_i$ and their monomials $A = Q R$, these are $s_i
     * (Q R^{-T} e_1)_i$. Monomials that depend on those before them, of points
     * on a line, say, are left out.
     */
    template <int dim>
    std::vector<double>
    fit_weights(const Points<dim> &offsets)
    {
      const std::size_t                n = offsets.size();
      std::vector<double>              scale(n);
      std::vector<std::vector<double>> Q, R;
      for (std::size_t i = 0; i < n; ++i)
        scale[i] = 1. / (1e-7 + offsets[i].norm_square());

      const auto add = [&](const auto &monomial) {
        std::vector<double> q(n), r;
        double              before = 0., after = 0.;
        for (std::size_t i = 0; i < n; ++i)
          {
            q[i] = scale[i] * monomial(offsets[i]);
            before += q[i] * q[i];
          }
        r.assign(Q.size() + 1, 0.);
        for (unsigned int pass = 0; pass < 2; ++pass)
          for (std::size_t k = 0; k < Q.size(); ++k)
            {
              double product = 0.;
              for (std::size_t i = 0; i < n; ++i)
                product += Q[k][i] * q[i];
              r[k] += product;
              for (std::size_t i = 0; i < n; ++i)
                q[i] -= product * Q[k][i];
            }
        for (const double x : q)
          after += x * x;
        if (!(after > 1e-12 * before))
          return;
        r.back() = std::sqrt(after);
        for (double &x : q)
          x /= r.back();
        Q.push_back(q);
        R.push_back(r);
      };
      add([](const auto &) { return 1.; });
      for (unsigned int d = 0; d < dim; ++d)
        add([d](const auto &x) { return x[d]; });
      for (unsigned int d = 0; d < dim; ++d)
        for (unsigned int e = d; e < dim; ++e)
          add([d, e](const auto &x) { return x[d] * x[e]; });

      // R^T y = e_1; R[j] is column j.
      std::vector<double> y(Q.size()), weights(n, 0.);
      for (std::size_t j = 0; j < Q.size(); ++j)
        {
          y[j] = j == 0 ? 1. : 0.;
          for (std::size_t k = 0; k < j; ++k)
            y[j] -= R[j][k] * y[k];
          y[j] /= R[j][j];
          for (std::size_t i = 0; i < n; ++i)
            weights[i] += scale[i] * Q[j][i] * y[j];
        }
      return weights;
    }



    /// Points anywhere.
    template <int dim>
    struct Cloud
    {
      /// Points that are around another one: twice as many as there are
      /// monomials.
      static constexpr std::size_t number = (dim + 1) * (dim + 2);

      explicit Cloud(const Points<dim> &points)
        : points(points)
        , tree(dealii::pack_rtree_of_indices(this->points))
      {}

      /// The nearest points, nearest first.
      std::vector<std::size_t>
      nearest(const dealii::Point<dim> &query, const std::size_t number) const
      {
        std::vector<std::size_t> indices;
        tree.query(boost::geometry::index::nearest(query, number),
                   std::back_inserter(indices));
        std::sort(indices.begin(),
                  indices.end(),
                  [&](const std::size_t i, const std::size_t j) {
                    return points[i].distance_square(query) <
                           points[j].distance_square(query);
                  });
        return indices;
      }

      /// The distance of a point from the last of those around it.
      double
      radius(const std::size_t i) const
      {
        return points[nearest(points[i], number).back()].distance(points[i]);
      }

      Weights
      weights(const dealii::Point<dim> &query) const
      {
        const auto   around = nearest(query, number);
        const double gap    = points[around[0]].distance(query);
        const double radius = points[around.back()].distance(query);
        if (gap <= 1e-9 * radius || radius == 0.)
          return {{around[0], 1.}};
        if (gap > this->radius(around[0]))
          no_data_at(to_string(query));

        Points<dim> offsets;
        for (const std::size_t i : around)
          offsets.push_back(dealii::Point<dim>((points[i] - query) / radius));
        const std::vector<double> fitted = fit_weights(offsets);
        Weights                   result;
        for (std::size_t i = 0; i < around.size(); ++i)
          result.emplace_back(around[i], fitted[i]);
        return result;
      }

      const Points<dim>                                     points;
      const decltype(dealii::pack_rtree_of_indices(points)) tree;
    };



    /// The diagonal of the box around all points.
    template <int dim>
    double
    size_of(const Points<dim> &points)
    {
      dealii::Point<dim> lower = points[0], upper = points[0];
      for (const auto &point : points)
        for (unsigned int d = 0; d < dim; ++d)
          {
            lower[d] = std::min(lower[d], point[d]);
            upper[d] = std::max(upper[d], point[d]);
          }
      return lower.distance(upper);
    }



    /// The first of the points at the same place, for each point.
    template <int dim>
    std::vector<std::size_t>
    find_copies(const Points<dim> &points, const double size)
    {
      std::vector<std::size_t> order(points.size()), first(points.size());
      for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = first[i] = i;
      std::sort(order.begin(),
                order.end(),
                [&](const std::size_t i, const std::size_t j) {
                  return points[i][0] < points[j][0] ||
                         (points[i][0] == points[j][0] && i < j);
                });
      const double tolerance = 1e-10 * size;
      for (std::size_t a = 0; a < order.size(); ++a)
        for (std::size_t b = a;
             b-- > 0 && points[order[a]][0] - points[order[b]][0] <= tolerance;)
          if (points[order[a]].distance(points[order[b]]) <= tolerance)
            {
              first[order[a]] = first[order[b]];
              break;
            }
      return first;
    }
  } // namespace



  template <int dim>
  struct PointField<dim>::Interpolation
  {
    /// For each point, its number among the different ones, and how many there
    /// are at each of these.
    std::vector<std::size_t>  place, count;
    std::optional<Grid<dim>>  grid;
    std::optional<Cloud<dim>> cloud;

    Weights
    weights(const dealii::Point<dim> &query) const
    {
      return grid ? grid->weights(query) : cloud->weights(query);
    }
  };



  template <int dim>
  PointField<dim>::PointField(const Block &block)
    : n_points(block.extent(1))
  {
    const Points<dim> all = to_points<dim>(block);
    require(!all.empty(), "a field without points");
    auto         data  = std::make_unique<Interpolation>();
    const double size  = size_of(all);
    const auto   first = find_copies(all, size);
    Points<dim>  points;
    data->place.resize(n_points);
    for (std::size_t i = 0; i < n_points; ++i)
      if (first[i] == i)
        {
          data->place[i] = points.size();
          points.push_back(all[i]);
        }
    data->count.assign(points.size(), 0);
    for (std::size_t i = 0; i < n_points; ++i)
      ++data->count[data->place[i] = data->place[first[i]]];
    data->grid = find_grid(points, size);
    if (!data->grid)
      data->cloud.emplace(points);
    interpolation = std::move(data);
  }



  template <int dim>
  PointField<dim>::~PointField() = default;



  template <int dim>
  std::string
  PointField<dim>::description() const
  {
    const std::size_t n = interpolation->count.size();
    if (!interpolation->grid)
      return std::to_string(n) + " points";
    std::string text = "a grid of ";
    for (unsigned int d = 0; d < dim; ++d)
      text += (d > 0 ? " x " : "") +
              std::to_string(interpolation->grid->axes[d].size());
    return text + " points";
  }



  template <int dim>
  Column
  PointField<dim>::interpolate(const Column &values,
                               const Block  &query_block) const
  {
    require(values.size() > 0 && values.size() % n_points == 0,
            std::to_string(values.size()) + " values at " +
              std::to_string(n_points) + " points");
    const std::size_t   k    = values.size() / n_points;
    const HostColumn    host = to_host(values);
    std::vector<double> known(k * interpolation->count.size(), 0.);
    for (std::size_t i = 0; i < n_points; ++i)
      for (std::size_t c = 0; c < k; ++c)
        known[interpolation->place[i] * k + c] +=
          host(i * k + c) / interpolation->count[interpolation->place[i]];

    const Points<dim> queries = to_points<dim>(query_block);
    const HostColumn  result  = to_host(make_column(k * queries.size()));
    for (std::size_t i = 0; i < queries.size(); ++i)
      for (const auto &[j, weight] : interpolation->weights(queries[i]))
        for (std::size_t c = 0; c < k; ++c)
          result(i * k + c) += weight * known[j * k + c];
    return to_memory_space(result);
  }



  template <int dim>
  CompressedRows
  PointField<dim>::matrix(const Block &query_block) const
  {
    std::vector<std::vector<std::size_t>> at(interpolation->count.size());
    for (std::size_t i = 0; i < n_points; ++i)
      at[interpolation->place[i]].push_back(i);

    CompressedRows rows;
    rows.n_columns = n_points;
    for (const dealii::Point<dim> &query : to_points<dim>(query_block))
      {
        for (const auto &[j, weight] : interpolation->weights(query))
          for (const std::size_t i : at[j])
            rows.add(i, weight / at[j].size());
        rows.end_row();
      }
    return rows;
  }



  template class PointField<1>;
  template class PointField<2>;
  template class PointField<3>;
} // namespace lsr
