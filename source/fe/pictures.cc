// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/pictures.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <limits>
#include <sstream>

#include "gnuplot.h"

namespace lsr
{
  namespace
  {
    using Rasters = std::vector<Raster>;

    const char *const viridis =
      "set palette defined (0 '#440154', 1 '#472c7a', 2 '#3b518b',"
      " 3 '#2c718e', 4 '#21908d', 5 '#27ad81', 6 '#5cc863', 7 '#aadc32',"
      " 8 '#fde725')\n";

    const char *const magma =
      "set palette defined (0 '#000004', 1 '#1c1044', 2 '#4f127b',"
      " 3 '#812581', 4 '#b5367a', 5 '#e55964', 6 '#fb8761', 7 '#fec287',"
      " 8 '#fbfdbf')\n";

    /// One line of a diagram: its column in a table, its name and its looks.
    struct Curve
    {
      unsigned int column;
      std::string  title;
      const char  *style;
    };

    /// How the curves of one diagram are told apart; the fourth one is a broad
    /// band.
    const char *const curve_styles[] = {"lc rgb '#d55e00' lw 2.5",
                                        "lc rgb '#0072b2' lw 2.5",
                                        "lc rgb '#009e73' lw 2.5 dt '-'",
                                        "lc rgb '#c8c8c8' lw 9"};

    /// Those of network and refined field, darker from one iteration to the
    /// next.
    const char *const spectrum_styles[][2] = {
      {"lc rgb '#f2b183' lw 2.5", "lc rgb '#8cc1e2' lw 2.5"},
      {"lc rgb '#d55e00' lw 2.5", "lc rgb '#0072b2' lw 2.5"},
      {"lc rgb '#7a3600' lw 2.5", "lc rgb '#003553' lw 2.5"}};

    /// A rectangle of the picture in pixels, from the lower left corner.
    struct Box
    {
      double x, y, width, height;
    };

    /// The colours or ordinates that a row of rasters shares. If logarithmic,
    /// the limits are those of the logarithm to base 10.
    struct Scale
    {
      double lower, upper;
      bool   logarithmic;
    };

    std::vector<double>
    finite_values(const Rasters &row)
    {
      std::vector<double> values;
      for (const Raster &raster : row)
        std::copy_if(raster.values.begin(),
                     raster.values.end(),
                     std::back_inserter(values),
                     [](const double x) { return std::isfinite(x); });
      return values;
    }

    Scale
    linear_scale(const Rasters &row)
    {
      const std::vector<double> values = finite_values(row);
      if (values.empty())
        return {0, 1, false};
      const auto [lower, upper] =
        std::minmax_element(values.begin(), values.end());
      if (*lower < *upper)
        return {*lower, *upper, false};
      const double margin = std::max(1., std::abs(*lower)) / 2;
      return {*lower - margin, *upper + margin, false};
    }

    /**
     * Whole decades from the largest value down to the fifth percentile of the
     * raster with the smallest values: zeros of an error, where its sign
     * changes, would otherwise stretch the scale without end.
     */
    Scale
    logarithmic_scale(const Rasters &row)
    {
      double lower = std::numeric_limits<double>::max(), upper = 0;
      for (const Raster &raster : row)
        {
          std::vector<double> values = finite_values({raster});
          values.erase(std::remove_if(values.begin(),
                                      values.end(),
                                      [](const double x) { return x <= 0; }),
                       values.end());
          if (values.empty())
            continue;
          const auto percentile = values.begin() + values.size() / 20;
          std::nth_element(values.begin(), percentile, values.end());
          lower = std::min(lower, *percentile);
          upper = std::max(upper, *std::max_element(percentile, values.end()));
        }
      if (upper == 0)
        return {-16, -15, true};

      const double last = std::ceil(std::log10(upper));
      return {std::max(std::min(std::floor(std::log10(lower)), last - 1),
                       last - 20),
              last,
              true};
    }

    double
    largest(const Raster &raster)
    {
      const std::vector<double> values = finite_values({raster});
      return values.empty() ? 0 :
                              *std::max_element(values.begin(), values.end());
    }

    /// A gnuplot string.
    std::string
    gnuplot_string(const std::string &text)
    {
      std::string result = "'";
      for (const char c : text)
        result += (c == '\'') ? "''" : std::string(1, c);
      return result + "'";
    }

    /// The number as it is shown in a picture, in the enhanced text of gnuplot.
    std::string
    pretty(const double x)
    {
      if (x == 0)
        return "0";
      int    exponent = static_cast<int>(std::floor(std::log10(x)));
      double mantissa = std::round(10 * x / std::pow(10., exponent)) / 10;
      if (mantissa >= 10)
        {
          mantissa /= 10;
          ++exponent;
        }
      std::ostringstream text;
      text << std::fixed << std::setprecision(1) << mantissa << " · 10^{"
           << exponent << "}";
      return text.str();
    }

    /// What pixels show: the values, or their logarithms cut off at the scale.
    std::string
    pixels(const Raster &raster, const Scale &scale)
    {
      std::vector<double> values = raster.values;
      if (scale.logarithmic)
        for (double &x : values)
          if (!std::isnan(x))
            x = x > 0 ? std::max(std::log10(x), scale.lower) : scale.lower;
      return std::string(reinterpret_cast<const char *>(values.data()),
                         values.size() * sizeof(double));
    }
  } // namespace

  namespace internal
  {
    /// A picture in the making: commands for gnuplot and data.
    class Drawing
    {
    public:
      Drawing(const double width, const double height)
        : width(width)
        , height(height)
      {
        commands << std::setprecision(10)
                 << "set terminal pngcairo enhanced size " << std::ceil(width)
                 << ',' << std::ceil(height)
                 << " font 'DejaVu Sans,16' background rgb 'white'\n"
                 << "set encoding utf8\n"
                 << "set output 'picture.png'\n"
                 << "set multiplot\n"
                 << "set border lc rgb '#404040'\n"
                 << "set tics textcolor rgb '#404040' scale 0.6\n"
                 << "set key noenhanced\n";
      }

      /// Let the axes of the next diagram enclose @p box.
      void
      place(const Box &box)
      {
        commands << "set lmargin at screen " << box.x / width
                 << "\nset rmargin at screen " << (box.x + box.width) / width
                 << "\nset bmargin at screen " << box.y / height
                 << "\nset tmargin at screen " << (box.y + box.height) / height
                 << "\n";
      }

      /// Let the next image come with its colour scale at @p box.
      void
      place_colour_scale(const Box &box, const Scale &scale)
      {
        commands << "set colorbox vertical user origin screen " << box.x / width
                 << ',' << box.y / height << " size screen "
                 << box.width / width << ',' << box.height / height
                 << " noborder\n";
        if (scale.logarithmic)
          commands << "set format cb '10^{%.0f}'\n"
                   << "set cbtics scale 0.6 enhanced "
                   << std::ceil((scale.upper - scale.lower) / 8) << "\n";
        else
          commands << "set format cb '%g'\nset cbtics scale 0.6\n";
      }

      void
      plot_image(const Raster &raster, const Scale &scale)
      {
        const auto range = [&raster](const unsigned int d) {
          std::ostringstream text;
          text << std::setprecision(17) << '[' << raster.lower[d] << ':'
               << raster.upper[d] << ']';
          return text.str();
        };
        const auto step = [&raster](const unsigned int d) {
          return (raster.upper[d] - raster.lower[d]) / (raster.n_points[d] - 1);
        };

        commands << "set cbrange [" << scale.lower << ':' << scale.upper
                 << "]\nplot " << range(0) << ' ' << range(1) << ' '
                 << add_data(pixels(raster, scale)) << " binary array=("
                 << raster.n_points[0] << ',' << raster.n_points[1]
                 << ") format='%double' origin=(" << raster.lower[0] << ','
                 << raster.lower[1] << ") dx=" << step(0) << " dy=" << step(1)
                 << " using 1 with image notitle\n";
      }

      /// Plot columns of @p table over its first one, the last curve on top.
      void
      plot_curves(const std::string &table, const std::vector<Curve> &curves)
      {
        const std::string name      = add_data(table);
        const char       *separator = "plot ";
        for (const Curve &curve : curves)
          {
            commands << separator << name << " using 1:" << curve.column
                     << " with lines " << curve.style << " title "
                     << gnuplot_string(curve.title);
            separator = ", ";
          }
        commands << '\n';
      }

      std::ostringstream commands;
      GnuplotData        data;

    private:
      /// Add a data file and return its name as a gnuplot string.
      std::string
      add_data(std::string contents)
      {
        data.emplace_back("data" + std::to_string(data.size()),
                          std::move(contents));
        return gnuplot_string(data.back().first);
      }

      const double width;
      const double height;
    };
  } // namespace internal

  namespace
  {
    using internal::Drawing;

    constexpr double left = 115, right = 140, bottom = 80, gap = 45;

    /// Diagrams side by side, and what is between them.
    constexpr double diagram_width = 620, diagram_height = 470, distance = 130;

    /// With room for @p n of them, and for a key to the right.
    Drawing
    drawing_of_diagrams(const unsigned int n, const double width_of_key = 0)
    {
      return {left + n * diagram_width + (n - 1) * distance + 50 + width_of_key,
              bottom + diagram_height + 60};
    }

    Box
    diagram(const unsigned int i)
    {
      return {left + i * (diagram_width + distance),
              bottom,
              diagram_width,
              diagram_height};
    }

    /// Panels of one size, in rows and columns counted from the upper left.
    struct Layout
    {
      double
      total_width() const
      {
        return left + n_columns * (width + gap) - gap + right;
      }

      double
      total_height() const
      {
        return bottom + n_rows * (height + top);
      }

      /// What the axes of a panel enclose.
      Box
      panel(const std::size_t row, const std::size_t column) const
      {
        return {left + column * (width + gap),
                bottom + (n_rows - 1 - row) * (height + top),
                width,
                height};
      }

      std::size_t n_rows, n_columns;

      /// The size of a panel, and the space for the title above it.
      double width, height, top;
    };

    /// The rasters of a row side by side, or one above the other where the
    /// domain is wide.
    Layout
    image_layout(const std::vector<Rasters> &rows, const bool logarithmic)
    {
      const Raster     &first = rows.front().front();
      const std::size_t n     = rows.front().size();
      const double      ratio = std::clamp((first.upper[1] - first.lower[1]) /
                                        (first.upper[0] - first.lower[0]),
                                      0.1,
                                      2.);
      const double      top   = logarithmic ? 80 : 55;
      if (ratio < 0.45)
        return {n * rows.size(), 1, 1100, 1100 * ratio, top};
      return {rows.size(), n, 384, 384 * ratio, top};
    }

    void
    draw_image(Drawing          &drawing,
               const Layout     &layout,
               const std::size_t row,
               const std::size_t column,
               const Raster     &raster,
               const Scale      &scale)
    {
      std::ostream &commands = drawing.commands;
      drawing.place(layout.panel(row, column));
      commands << "set title " << gnuplot_string(raster.title)
               << " font ',18' noenhanced offset 0,"
               << (scale.logarithmic ? 0.6 : -0.2) << "\nunset label\n";
      if (scale.logarithmic)
        commands << "set label "
                 << gnuplot_string("largest " + pretty(largest(raster)))
                 << " enhanced at graph 0.5,1 center offset 0,0.6 font ',13'"
                 << " textcolor rgb '#606060'\n";
      commands << (row + 1 == layout.n_rows ?
                     "set xlabel 'x'\nset format x '%g'\n" :
                     "unset xlabel\nset format x ''\n")
               << (column == 0 ? "set ylabel 'y'\nset format y '%g'\n" :
                                 "unset ylabel\nset format y ''\n");
      drawing.plot_image(raster, scale);
    }

    /// Draw all rasters of row @p r, with a colour scale next to the last one.
    void
    draw_images(Drawing          &drawing,
                const Layout     &layout,
                const std::size_t r,
                const Rasters    &rasters,
                const Scale      &scale)
    {
      const bool stacked = (layout.n_columns < rasters.size());
      drawing.commands << "unset colorbox\n";
      for (std::size_t i = 0; i < rasters.size(); ++i)
        {
          const std::size_t row    = stacked ? r * rasters.size() + i : r;
          const std::size_t column = stacked ? 0 : i;
          if (i + 1 == rasters.size())
            {
              const Box last  = layout.panel(row, column);
              const Box first = layout.panel(stacked ? row - i : row, 0);
              drawing.place_colour_scale({last.x + last.width + 25,
                                          last.y,
                                          22,
                                          first.y + first.height - last.y},
                                         scale);
            }
          draw_image(drawing, layout, row, column, rasters[i], scale);
        }
    }

    /// A table of the abscissas of @p curves and of their values.
    std::string
    curve_table(const Rasters &curves, const Scale &scale)
    {
      const Raster      &first = curves.front();
      const double       floor = std::pow(10., scale.lower);
      std::ostringstream table;
      table << std::setprecision(16);
      for (unsigned int i = 0; i < first.n_points[0]; ++i)
        {
          const double t = double(i) / (first.n_points[0] - 1);
          table << (1 - t) * first.lower[0] + t * first.upper[0];
          for (const Raster &curve : curves)
            table << ' '
                  << (scale.logarithmic ? std::max(curve.values[i], floor) :
                                          curve.values[i]);
          table << '\n';
        }
      return table.str();
    }

    void
    set_logarithmic_axis(Drawing           &drawing,
                         const std::string &axis,
                         const std::string &format)
    {
      drawing.commands << "set logscale " << axis << "\nset format " << axis
                       << " " << gnuplot_string(format) << "\n";
    }

    void
    draw_curves(Drawing       &drawing,
                const Box     &box,
                const Rasters &curves,
                const Scale   &scale)
    {
      const auto limit = [&scale](const double x) {
        return scale.logarithmic ? std::pow(10., x) : x;
      };
      const double margin =
        scale.logarithmic ? 0 : 0.04 * (scale.upper - scale.lower);

      std::vector<Curve> lines;
      for (unsigned int i = 0; i < curves.size(); ++i)
        lines.push_back(
          {i + 2, curves[i].title, curve_styles[std::min(i, 3u)]});
      // The broad band belongs below the others.
      if (lines.size() > 3)
        std::rotate(lines.begin(), lines.end() - 1, lines.end());

      drawing.place(box);
      if (scale.logarithmic)
        set_logarithmic_axis(drawing, "y", "10^{%L}");
      drawing.commands
        << "set grid lt 1 lw 1 lc rgb '#dcdcdc'\n"
        << "set key at graph 1.02,0.98 left top reverse Left samplen 2\n"
        << "set xlabel 'x'\nset ylabel "
        << gnuplot_string(scale.logarithmic ? "error" : "") << "\n"
        << "set xrange [" << curves.front().lower[0] << ':'
        << curves.front().upper[0] << "]\nset yrange ["
        << limit(scale.lower - margin) << ':' << limit(scale.upper + margin)
        << "]\n";
      drawing.plot_curves(curve_table(curves, scale), lines);
    }

    /// Zeros have no place on logarithmic axes.
    double
    if_positive(const double x)
    {
      return x > 0 ? x : std::numeric_limits<double>::quiet_NaN();
    }

    /// A table of rank, residual norm, condition and norm of the coefficients.
    /// Rank 0 has no place on a logarithmic axis.
    std::string
    rank_table(const RankCurves &curves)
    {
      std::ostringstream table;
      table << std::setprecision(16);
      for (std::size_t i = 0; i < curves.rank.size(); ++i)
        if (curves.rank[i] > 0)
          table << curves.rank[i] << ' '
                << if_positive(std::sqrt(curves.loss[i])) << ' '
                << if_positive(curves.condition[i]) << ' '
                << if_positive(curves.coefficient_norm[i]) << '\n';
      return table.str();
    }

    /// A table of iteration, errors of network and refined field, and norms of
    /// their residuals.
    std::string
    history_table(const IterationHistory &history)
    {
      std::ostringstream table;
      table << std::setprecision(16);
      for (const IterationRecord &record : history.records)
        table << record.iteration << ' ' << record.network_error << ' '
              << record.refined_error << ' ' << record.network_residual << ' '
              << record.refined_residual << '\n';
      return table.str();
    }

    /// A table of wavenumbers and of the energies of network and refined field
    /// in each iteration. Wavenumber 0 has no place on a logarithmic axis.
    std::string
    spectra_table(const std::vector<ErrorSpectra::Record> &records)
    {
      const std::vector<double> &wavenumber =
        records.front().network.wavenumber;
      std::ostringstream table;
      table << std::setprecision(16);
      for (std::size_t b = 1; b < wavenumber.size(); ++b)
        {
          table << wavenumber[b];
          for (const ErrorSpectra::Record &record : records)
            table << ' ' << if_positive(record.network.energy[b]) << ' '
                  << if_positive(record.refined.energy[b]);
          table << '\n';
        }
      return table.str();
    }

    /// The curves of that table for the first iterations.
    std::vector<Curve>
    spectra_curves(const std::vector<ErrorSpectra::Record> &records)
    {
      std::vector<Curve> curves;
      const std::size_t  n =
        std::min(records.size(), std::size(spectrum_styles));
      for (unsigned int i = 0; i < n; ++i)
        for (const unsigned int refined : {0, 1})
          curves.push_back({2 + 2 * i + refined,
                            (refined ? "refined, " : "network, ") +
                              std::to_string(records[i].iteration),
                            spectrum_styles[i][refined]});
      return curves;
    }

    /// A table of iteration and mean wavenumbers of the errors of network and
    /// refined field.
    std::string
    wavenumber_table(const std::vector<ErrorSpectra::Record> &records)
    {
      std::ostringstream table;
      table << std::setprecision(16);
      for (const ErrorSpectra::Record &record : records)
        table << record.iteration << ' ' << record.network.mean_wavenumber
              << ' ' << record.refined.mean_wavenumber << '\n';
      return table.str();
    }

    /// The curves of the network, from @p column on, and of the refined field.
    void
    draw_over_iterations(Drawing           &drawing,
                         const Box         &box,
                         const std::string &title,
                         const std::string &table,
                         const unsigned int column)
    {
      drawing.place(box);
      drawing.commands << "set title " << gnuplot_string(title)
                       << " font ',18'\nset xlabel 'iteration'\n"
                       << "unset logscale x\nset format x '%g'\n"
                       << "set xtics 1\nset key right top reverse Left\n";
      drawing.plot_curves(table,
                          {{column, "network", curve_styles[0]},
                           {column + 1, "refined", curve_styles[1]}});
    }

    bool
    empty(const std::vector<Rasters> &rows)
    {
      return rows.empty() || rows.front().empty() ||
             rows.front().front().values.empty();
    }
  } // namespace

  Pictures::Pictures(const std::string                &folder,
                     const dealii::ConditionalOStream &messages)
    : folder(folder)
    , messages(messages)
  {}

  void
  Pictures::draw_fields(const std::vector<Rasters> &rows)
  {
    draw_rows(rows, false, "fields.png");
  }

  void
  Pictures::draw_errors(const std::vector<Rasters> &rows)
  {
    draw_rows(rows, true, "errors.png");
  }

  void
  Pictures::draw_rows(const std::vector<Rasters> &rows,
                      const bool                  logarithmic,
                      const std::string          &name)
  {
    if (empty(rows))
      return;

    const bool   curves = rows.front().front().is_curve();
    const Layout layout = curves ? Layout{rows.size(), 1, 1100, 480, 45} :
                                   image_layout(rows, logarithmic);

    Drawing drawing(layout.total_width() + (curves ? 120 : 0),
                    layout.total_height());
    drawing.commands << (logarithmic ? magma : viridis)
                     << "set tics out nomirror\n";
    for (std::size_t r = 0; r < rows.size(); ++r)
      {
        const Scale scale =
          logarithmic ? logarithmic_scale(rows[r]) : linear_scale(rows[r]);
        if (curves)
          draw_curves(drawing, layout.panel(r, 0), rows[r], scale);
        else
          draw_images(drawing, layout, r, rows[r], scale);
      }
    finish(drawing, name);
  }

  void
  Pictures::draw_loss_over_rank(const RankCurves  &curves,
                                const unsigned int chosen_rank)
  {
    const std::string table = rank_table(curves);
    if (table.empty())
      return;

    Drawing drawing = drawing_of_diagrams(2);
    set_logarithmic_axis(drawing, "x", "%g");
    set_logarithmic_axis(drawing, "y", "10^{%L}");
    drawing.commands
      << "set tics out nomirror\nset grid lt 1 lw 1 lc rgb '#dcdcdc'\n"
      << "set xlabel 'rank'\n"
      << "set arrow from first " << chosen_rank << ", graph 0 to first "
      << chosen_rank << ", graph 1 nohead back lw 2 lc rgb '#909090' dt '-'\n";

    drawing.place(diagram(0));
    drawing.commands << "set title 'norm of the residual' font ',18'\n"
                     << "unset key\n"
                     << "set label 'rank " << chosen_rank << "' at first "
                     << chosen_rank << ", graph 0.94 right offset -0.7,0"
                     << " textcolor rgb '#606060'\n";
    drawing.plot_curves(table, {{2, "", curve_styles[1]}});

    drawing.place(diagram(1));
    drawing.commands << "set title 'conditioning' font ',18'\n"
                     << "unset label\nset key left top reverse Left\n";
    drawing.plot_curves(table,
                        {{3, "condition number", curve_styles[0]},
                         {4, "norm of the coefficients", curve_styles[2]}});
    finish(drawing, "loss_over_rank.png");
  }

  void
  Pictures::draw_history(const IterationHistory &history)
  {
    if (history.records.size() < 2)
      return;

    const std::string table   = history_table(history);
    const bool        errors  = !std::isnan(history.records[0].refined_error);
    Drawing           drawing = drawing_of_diagrams(errors ? 2 : 1);
    set_logarithmic_axis(drawing, "y", "10^{%L}");
    drawing.commands << "set tics out nomirror\n"
                     << "set grid lt 1 lw 1 lc rgb '#dcdcdc'\n";
    draw_over_iterations(drawing, diagram(0), "norm of the residual", table, 4);
    if (errors)
      draw_over_iterations(drawing, diagram(1), "error", table, 2);
    finish(drawing, "history.png");
  }

  void
  Pictures::draw_error_fields(const std::vector<Rasters> &rows)
  {
    draw_rows(rows, true, "error_fields.png");
  }

  void
  Pictures::draw_error_spectra(const ErrorSpectra &spectra)
  {
    if (spectra.records.size() < 2)
      return;

    Drawing drawing = drawing_of_diagrams(2, 190);
    drawing.commands << "set tics out nomirror\n"
                     << "set grid lt 1 lw 1 lc rgb '#dcdcdc'\n"
                     << "set yrange [0:*]\n"
                     << "set offsets 0, 0, graph 0.25, 0\n";
    draw_over_iterations(drawing,
                         diagram(0),
                         "mean wavenumber of the error",
                         wavenumber_table(spectra.records),
                         2);

    set_logarithmic_axis(drawing, "x", "%g");
    set_logarithmic_axis(drawing, "y", "10^{%L}");
    drawing.place(diagram(1));
    drawing.commands
      << "set title 'energy of the error'\nset xlabel 'wavenumber'\n"
      << "set xtics autofreq\nset autoscale xfix\nset yrange [*:*]\n"
      << "unset offsets\n"
      << "set key at graph 1.02,0.98 left top reverse Left samplen 2\n";
    drawing.plot_curves(spectra_table(spectra.records),
                        spectra_curves(spectra.records));
    finish(drawing, "error_spectra.png");
  }

  const std::vector<std::string> &
  Pictures::files() const
  {
    return drawn;
  }

  void
  Pictures::finish(const Drawing &drawing, const std::string &name)
  {
    if (!messages.is_active() || gnuplot_is_missing)
      return;

    const std::string path = (std::filesystem::path(folder) / name).string();
    try
      {
        run_gnuplot(drawing.commands.str(), drawing.data, path);
        drawn.push_back(path);
      }
    catch (const GnuplotMissing &)
      {
        gnuplot_is_missing = true;
        messages << "No pictures: gnuplot was not found. The package "
                    "gnuplot-nox provides it."
                 << std::endl;
      }
    catch (const std::exception &exception)
      {
        messages << "No picture " << path << ": " << exception.what()
                 << std::endl;
      }
  }
} // namespace lsr
