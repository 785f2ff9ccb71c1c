// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/fe/spectrum.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace lsr
{
  namespace
  {
    /**
     * The matrix from samples at $n$ points, both ends included, to the
     * coefficients of cosines that are orthonormal under the trapezoidal rule
     * on an interval of length 1.
     */
    Block
    cosine_transform(const unsigned int n)
    {
      HostBlock C("cosines", n, n);
      for (unsigned int i = 0; i < n; ++i)
        {
          const bool   at_end = (i == 0 || i + 1 == n);
          const double weight = (at_end ? 0.5 : 1.) / (n - 1);
          for (unsigned int k = 0; k < n; ++k)
            {
              const double square = (k == 0 || k + 1 == n) ? 1. : 0.5;
              // The angle stays small, and its cosine exact to rounding.
              const unsigned int angle = (k * i) % (2 * (n - 1));
              C(k, i) =
                weight * std::cos(M_PI * angle / (n - 1)) / std::sqrt(square);
            }
        }
      return to_memory_space(C);
    }

    /// The values as a block, with zeros for what is not known.
    Block
    known_values(const Raster &raster)
    {
      HostBlock E("values", raster.n_points[0], raster.n_points[1]);
      std::transform(raster.values.begin(),
                     raster.values.end(),
                     E.data(),
                     [](const double x) { return std::isnan(x) ? 0. : x; });
      return to_memory_space(E);
    }

    /// Coefficients of the cosines in both directions.
    HostBlock
    coefficients(const Raster &raster)
    {
      const auto [n, m] = raster.n_points;
      const Block along = make_block(n, m);
      multiply(
        1., 'N', cosine_transform(n), 'N', known_values(raster), 0., along);
      if (raster.is_curve())
        return to_host(along);
      const Block all = make_block(n, m);
      multiply(1., 'N', along, 'T', cosine_transform(m), 0., all);
      return to_host(all);
    }

    void
    write_line(std::ostream      &out,
               const unsigned int iteration,
               const char        *field,
               const Spectrum    &spectrum)
    {
      out << iteration << ',' << field << ',' << spectrum.mean_square << ',';
      if (spectrum.mean_square > 0)
        out << spectrum.mean_wavenumber;
      for (const double x : spectrum.energy)
        out << ',' << x;
      out << '\n';
    }
  } // namespace



  Spectrum
  compute_spectrum(const Raster &raster)
  {
    const auto [n, m] = raster.n_points;
    require(n >= 2 && m >= 1 && raster.values.size() == std::size_t(n) * m,
            "a raster of " + std::to_string(n) + " x " + std::to_string(m) +
              " points with " + std::to_string(raster.values.size()) +
              " values: expected at least two points and all their values");

    ensure_kokkos_initialized();
    const double width  = raster.upper[0] - raster.lower[0];
    const double height = raster.upper[1] - raster.lower[1];
    const double length = raster.is_curve() ? width : std::max(width, height);
    const auto   wavenumber = [&](const unsigned int i, const unsigned int j) {
      return M_PI * std::hypot(i / width, j > 0 ? j / height : 0.);
    };
    const auto bin = [&](const double k) {
      return static_cast<std::size_t>(std::lround(k * length / M_PI));
    };

    Spectrum spectrum;
    spectrum.energy.resize(bin(wavenumber(n - 1, m - 1)) + 1);
    for (std::size_t b = 0; b < spectrum.energy.size(); ++b)
      spectrum.wavenumber.push_back(M_PI * b / length);

    const HostBlock A      = coefficients(raster);
    double          moment = 0;
    for (unsigned int j = 0; j < m; ++j)
      for (unsigned int i = 0; i < n; ++i)
        {
          const double k      = wavenumber(i, j);
          const double energy = A(i, j) * A(i, j);
          spectrum.energy[bin(k)] += energy;
          spectrum.mean_square += energy;
          moment += k * energy;
        }
    spectrum.mean_wavenumber = moment / spectrum.mean_square;
    return spectrum;
  }



  void
  ErrorSpectra::write_csv(std::ostream &out) const
  {
    const std::streamsize precision = out.precision(17);
    out << "iteration,field,mean_square,mean_wavenumber";
    if (!records.empty())
      for (const double k : records.front().network.wavenumber)
        out << ',' << k;
    out << '\n';
    for (const Record &record : records)
      {
        write_line(out, record.iteration, "network", record.network);
        write_line(out, record.iteration, "refined", record.refined);
      }
    out.precision(precision);
  }
} // namespace lsr
